import type { TrainingPlan } from '../../../proto/training/plan.js';

/** What a rate does in a stretch of update steps. */
export interface Stretch {
  first: Sample;
  last: Sample;
  least: Sample;
  greatest: Sample;
}

export interface Sample {
  /** Update step, from 0. */
  step: number;
  rate: number;
}

/** What looking at a schedule may cost; of longer trainings, evenly spaced update steps are looked at. */
const MOST_EVALUATIONS = 1_000_000;

/** The training cut into stretches of equal length, in order; fewer where there are fewer update steps. */
export function stretches({ totalSteps, learningRate }: TrainingPlan, count: number): Stretch[] {
  const stride = Math.max(1, Math.ceil(totalSteps / MOST_EVALUATIONS));
  const cut = (index: number): number => Math.round((index * totalSteps) / Math.min(count, totalSteps));
  return Array.from({ length: Math.min(count, totalSteps) }, (_, index) =>
    stretch(learningRate, cut(index), cut(index + 1), stride),
  );
}

/** What the rate does in each epoch. */
export function epochStretches({ stepsPerEpoch, totalSteps, epochs, learningRate }: TrainingPlan): Stretch[] {
  const stride = Math.max(1, Math.ceil(totalSteps / MOST_EVALUATIONS));
  return Array.from({ length: epochs }, (_, epoch) =>
    stretch(learningRate, epoch * stepsPerEpoch, Math.min((epoch + 1) * stepsPerEpoch, totalSteps), stride),
  );
}

/** A line through a schedule that misses no peak and no valley: every update step, or the ends and extremes of stretches. */
export function outline(plan: TrainingPlan, count: number): Sample[] {
  return stretches(plan, count).flatMap(({ first, last, least, greatest }) => {
    const inOrder = [first, least, greatest, last].sort((a, b) => a.step - b.step);
    return inOrder.filter(({ step }, index) => step !== inOrder[index - 1]?.step);
  });
}

function stretch(rateOf: (step: number) => number, from: number, to: number, stride: number): Stretch {
  const first = { step: from, rate: rateOf(from) };
  const last = { step: to - 1, rate: rateOf(to - 1) };
  let [least, greatest] = first.rate <= last.rate ? [first, last] : [last, first];
  for (let step = from + stride; step < to - 1; step += stride) {
    const rate = rateOf(step);
    if (rate < least.rate) least = { step, rate };
    else if (rate > greatest.rate) greatest = { step, rate };
  }
  return { first, last, least, greatest };
}

/** Ends of so many epochs are marked together: the least of 1, 2, 5, 10, 20, 50, ... that `fits`, else all. */
export function epochInterval(epochs: number, fits: (interval: number) => boolean): number {
  for (let power = 1; power < epochs; power *= 10) {
    const found = [power, 2 * power, 5 * power].find((interval) => interval < epochs && fits(interval));
    if (found !== undefined) return found;
  }
  return epochs;
}
