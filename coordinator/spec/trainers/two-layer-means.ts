import { isCyclical } from '../../../proto/training/learning-rate.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import type { TwoLayerConfig } from '../../../proto/trainers/two-layer.js';
import type { Partially } from '../search-schema.js';
import type { TrialToCheck } from './trainer-rules.js';
import { soundLength } from './training-length.js';

type Trial = TrialToCheck<Partially<TwoLayerConfig>>;

/** What the means of training beyond the paper's ask of the other settings, and of the data set (undefined while unknown). */
export function checkMeans(trial: Trial, info: DatasetInfo | undefined): void {
  checkFlips(trial, info);
  checkEarlyStopping(trial);
  checkAverage(trial);
}

function checkFlips({ config, report }: Trial, info: DatasetInfo | undefined): void {
  if (config.horizontal_flips !== true || info === undefined || info.image !== undefined) return;
  report({
    rule: 'flips-without-images',
    message: `horizontal_flips mirrors images, and nothing says how the ${info.inputs} values of a record of ${info.name} are one`,
    paths: ['horizontal_flips', 'dataset.name'],
    suggestion: `leave horizontal_flips out, or add the records as images, of the shape [n, height, width], [n, channels, height, width] or [n, height, width, channels]: vernier data add ${info.name} PATH --replace`,
  });
}

function checkEarlyStopping({ config, gives, report }: Trial): void {
  if (!gives('early_stopping')) return;
  const when = config.evaluate?.val;
  if (when === 'final' || when === 'never') {
    report({
      rule: 'stopping-without-loss',
      message: `early_stopping follows val_loss from epoch to epoch, and evaluate.val is ${when}`,
      paths: ['evaluate.val', 'early_stopping'],
      suggestion: 'write evaluate: {val: epoch}, or leave early_stopping out',
    });
  }
  if (config.dataset?.validation === 0) {
    report({
      rule: 'stopping-without-loss',
      message: 'early_stopping follows val_loss, and dataset.validation is 0',
      paths: ['dataset.validation', 'early_stopping'],
      suggestion: 'keep some training records for validation, or leave early_stopping out',
    });
  }
}

function checkAverage({ config, report }: Trial): void {
  const schedule = config.learning_rate?.schedule;
  if (config.average !== 'cycles' || schedule === undefined) return;
  if (!isCyclical(schedule)) {
    report({
      rule: 'average-without-cycles',
      message: `average: cycles needs a cyclical schedule, and learning_rate.schedule is ${schedule}`,
      paths: ['average', 'learning_rate.schedule'],
      suggestion: 'write average: none, or schedule: triangular',
    });
    return;
  }
  const length = soundLength(config);
  if (length?.cycleSteps === undefined || length.totalSteps >= length.cycleSteps) return;
  report({
    rule: 'average-without-cycles',
    message: `average: cycles needs a cycle to end, and ${length.totalSteps} update steps of training are less than the ${length.cycleSteps} of a cycle`,
    paths: ['epochs', 'learning_rate.step_size', 'average'],
    suggestion: 'train for longer, choose a smaller step_size, or write average: none',
  });
}
