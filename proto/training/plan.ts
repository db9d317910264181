import { VernierError } from '../errors.js';
import { inSteps, type Duration } from './duration.js';
import type { LearningRate } from './learning-rate.js';
import { scheduleOf } from './schedules/index.js';
import type { LearningRateSchedule, ScheduleLength } from './schedules/schedule.js';

/** A trial's result is one message, at most 4 MiB (proto/vernier.proto), with up to six metrics of each epoch. */
export const MAX_EPOCHS = 20_000;

/** What the length of training follows from; rates themselves do not change it. */
export interface LengthSettings {
  dataset: { train: number };
  batch_size: number;
  /** Of a cyclical schedule, half a cycle. */
  learning_rate: { schedule?: string; step_size?: Duration | undefined };
  cycles?: number | undefined;
  epochs?: number | undefined;
}

/** What the plan of a whole trial follows from. */
export interface PlannedSettings extends LengthSettings {
  learning_rate: LearningRate;
}

export interface TrainingLength extends ScheduleLength {
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
 * @throws VernierError TRIAL_INVALID when the settings give no length, two, or too great a one, no whole mini-batch, or a warm-up
 * that training does not outlast
 */
export function planTraining(config: PlannedSettings): TrainingPlan {
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
  const warmup =
    rate.schedule === 'cosine' && rate.warmup !== undefined ? inSteps(rate.warmup, length.stepsPerEpoch) : 0;
  if (warmup >= length.totalSteps) {
    throw invalid(`the warm-up of ${warmup} update steps is not shorter than the training of ${length.totalSteps}`);
  }
  return { ...length, learningRate: scheduleOf(rate, length) };
}

function invalid(message: string): VernierError {
  return new VernierError('TRIAL_INVALID', message, { mend: "change the trial's settings in the search file" });
}
