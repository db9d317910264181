import { VernierError } from '../errors.js';
import { inSteps, type Duration } from './duration.js';
import type { LearningRate } from './learning-rate.js';
import { constantRate, triangularRate, type LearningRateSchedule } from './schedule.js';

/** A trial's result is one message, at most 4 MiB (proto/vernier.proto), with up to six metrics of each epoch. */
export const MAX_EPOCHS = 20_000;

/** What the length of training follows from; rates themselves do not change it. */
export interface LengthSettings {
  dataset: { train: number };
  batch_size: number;
  /** Of a cyclical schedule, half a cycle. */
  learning_rate: { step_size?: Duration | undefined };
  cycles?: number | undefined;
  epochs?: number | undefined;
}

export interface TrainingLength {
  /** Mini-batches per epoch: floor(train / batch size); an incomplete last one is dropped. */
  stepsPerEpoch: number;
  /** Update steps in all. */
  totalSteps: number;
  /** Epochs in all; the last may be cut short. */
  epochs: number;
  /** Update steps of one cycle, of a cyclical schedule: half of them up, half down. */
  cycleSteps?: number;
}

/** How long a trial trains, and at what rate. */
export interface TrainingPlan extends TrainingLength {
  learningRate: LearningRateSchedule;
}

/** The lengths that the settings leave to arithmetic; undefined where they give none, or no whole mini-batch. */
export function trainingLength({
  dataset,
  batch_size: batchSize,
  learning_rate: rate,
  cycles,
  epochs,
}: LengthSettings): TrainingLength | undefined {
  const stepsPerEpoch = Math.floor(dataset.train / batchSize);
  if (stepsPerEpoch < 1) return undefined;
  const cycleSteps = rate.step_size === undefined ? undefined : 2 * inSteps(rate.step_size, stepsPerEpoch);
  const byCycles = cycles === undefined || cycleSteps === undefined ? undefined : cycles * cycleSteps;
  const totalSteps = epochs === undefined ? byCycles : epochs * stepsPerEpoch;
  if (totalSteps === undefined) return undefined;
  const length = { stepsPerEpoch, totalSteps, epochs: Math.ceil(totalSteps / stepsPerEpoch) };
  return cycleSteps === undefined ? length : { ...length, cycleSteps };
}

/**
 * A sound trial's plan.
 *
 * @throws VernierError TRIAL_INVALID when the settings give no length, two, or too great a one, or no whole mini-batch
 */
export function planTraining(config: LengthSettings & { learning_rate: LearningRate }): TrainingPlan {
  const { dataset, batch_size: batchSize, learning_rate: rate, cycles, epochs } = config;
  if (cycles !== undefined && epochs !== undefined) {
    throw invalid(`cycles ${cycles} and epochs ${epochs} both give a length; keep one`);
  }
  const length = trainingLength(config);
  if (length === undefined) {
    if (batchSize > dataset.train) {
      throw invalid(
        `batch_size ${batchSize} is larger than dataset.train ${dataset.train}: there is no whole mini-batch`,
      );
    }
    throw invalid(
      cycles === undefined
        ? 'the trial has no length: neither cycles nor epochs is given'
        : `cycles ${cycles} needs a cyclical schedule, not ${rate.schedule}`,
    );
  }
  if (length.epochs > MAX_EPOCHS) {
    throw invalid(`${length.epochs} epochs are more than the ${MAX_EPOCHS} that a trial may have`);
  }
  return { ...length, learningRate: scheduleOf(rate, length) };
}

function scheduleOf(rate: LearningRate, { stepsPerEpoch }: TrainingLength): LearningRateSchedule {
  if (rate.schedule === 'constant') return constantRate(rate.value);
  return triangularRate(rate.min, rate.max, inSteps(rate.step_size, stepsPerEpoch));
}

function invalid(message: string): VernierError {
  return new VernierError('TRIAL_INVALID', message, { mend: "change the trial's settings in the search file" });
}
