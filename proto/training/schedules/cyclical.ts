import { exp, log } from '../../numeric/index.js';
import { inSteps } from '../duration.js';
import type { RateOf } from '../learning-rate.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';

/*
 * Cyclical learning rates: Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), section 3. A cycle of 2 n_s
 * update steps rises from min at t = 2 l n_s up to max at t = (2 l + 1) n_s and is back by t = 2 (l + 1) n_s.
 */

/** Every cycle reaches max. */
export function triangularRate(
  { min, max, step_size: given }: RateOf<'triangular'>,
  { stepsPerEpoch }: ScheduleLength,
): LearningRateSchedule {
  const stepSize = inSteps(given, stepsPerEpoch);
  return (step) => min + (max - min) * shareAt(step, stepSize);
}

/** The amplitude halves at the end of each cycle. */
export function triangular2Rate(
  { min, max, step_size: given }: RateOf<'triangular2'>,
  { stepsPerEpoch }: ScheduleLength,
): LearningRateSchedule {
  const stepSize = inSteps(given, stepsPerEpoch);
  return (step) => min + (max - min) * (shareAt(step, stepSize) * halved(Math.floor(step / (2 * stepSize))));
}

/** The amplitude falls with every update step, by the factor gamma. */
export function expRangeRate(
  { min, max, step_size: given, gamma }: RateOf<'exp_range'>,
  { stepsPerEpoch }: ScheduleLength,
): LearningRateSchedule {
  const stepSize = inSteps(given, stepsPerEpoch);
  const logGamma = log(gamma);
  return (step) => min + (max - min) * (shareAt(step, stepSize) * exp(step * logGamma));
}

/** How far up a triangle of height 1 an update step is. */
function shareAt(step: number, stepSize: number): number {
  const position = step % (2 * stepSize);
  return position < stepSize ? position / stepSize : 2 - position / stepSize;
}

/** 2^-times, exactly; 0 where that is below the smallest float64. */
function halved(times: number): number {
  let power = 1;
  for (let left = times; left > 0 && power > 0; left--) power /= 2;
  return power;
}
