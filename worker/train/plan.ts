import { VernierError } from '../../proto/errors.js';
import { MAX_EPOCHS, stepSizeInSteps, type TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { constantRate, triangularRate, type LearningRateSchedule } from './schedule.js';

/** How long a trial trains, and at what rate. */
export interface TrainingPlan {
  /** Mini-batches per epoch: floor(train / batch size); an incomplete last one is dropped. */
  stepsPerEpoch: number;
  /** Update steps in all. */
  totalSteps: number;
  /** Epochs in all; the last may be cut short. */
  epochs: number;
  learningRate: LearningRateSchedule;
}

type PlannedConfig = Pick<TwoLayerConfig, 'dataset' | 'batch_size' | 'learning_rate' | 'cycles' | 'epochs'>;

/**
 * Works out the lengths that the settings leave to arithmetic: n_s from epochs is rounded down to whole steps, and is
 * at least one.
 *
 * @throws VernierError TRIAL_INVALID when the settings give no length, two, or too great a one, or no whole mini-batch
 */
export function planTraining(config: PlannedConfig): TrainingPlan {
  const { train } = config.dataset;
  const stepsPerEpoch = Math.floor(train / config.batch_size);
  if (stepsPerEpoch < 1) {
    throw invalid(
      `batch_size ${config.batch_size} is larger than dataset.train ${train}: there is no whole mini-batch`,
    );
  }
  if (config.cycles !== undefined && config.epochs !== undefined) {
    throw invalid(`cycles ${config.cycles} and epochs ${config.epochs} both give a length; keep one`);
  }
  const rate = config.learning_rate;
  let learningRate: LearningRateSchedule;
  let cycleSteps: number | undefined;
  if (rate.schedule === 'triangular') {
    const stepSize = stepSizeInSteps(rate.step_size, stepsPerEpoch);
    learningRate = triangularRate(rate.min, rate.max, stepSize);
    cycleSteps = 2 * stepSize;
  } else {
    learningRate = constantRate(rate.value);
  }

  let totalSteps: number;
  if (config.cycles !== undefined) {
    if (cycleSteps === undefined)
      throw invalid(`cycles ${config.cycles} needs a cyclical schedule, not ${rate.schedule}`);
    totalSteps = cycleSteps * config.cycles;
  } else if (config.epochs !== undefined) {
    totalSteps = config.epochs * stepsPerEpoch;
  } else {
    throw invalid('the trial has no length: neither cycles nor epochs is given');
  }
  const epochs = Math.ceil(totalSteps / stepsPerEpoch);
  if (epochs > MAX_EPOCHS) throw invalid(`${epochs} epochs are more than the ${MAX_EPOCHS} that a trial may have`);
  return { stepsPerEpoch, totalSteps, epochs, learningRate };
}

function invalid(message: string): VernierError {
  return new VernierError('TRIAL_INVALID', message, { mend: "change the trial's settings in the search file" });
}
