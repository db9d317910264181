import type { DatasetInfo } from '../../../proto/datasets.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../../proto/trainers/two-layer.js';
import { jsonSchemaOf } from '../json-schema.js';
import type { Partially } from '../search-schema.js';
import { checkDataset } from './dataset.js';
import { checkLearningRate } from './learning-rate.js';
import type { TrainerRules, TrialToCheck } from './trainer-rules.js';
import { checkTrainingLength } from './training-length.js';
import { checkMeans } from './two-layer-means.js';

type Part = Partially<TwoLayerConfig>;

const PARTS = ['train', 'val', 'test'] as const;
const METRICS = PARTS.flatMap((part) => ['cost', 'loss', 'accuracy'].map((what) => `${part}_${what}`));

export const twoLayerRules: TrainerRules<Part> = {
  schema: jsonSchemaOf(twoLayerSchema),
  exclusive: [['cycles', 'epochs']],
  metrics: {
    names: METRICS,
    inWords: METRICS.join(', '),
    usual: 'val_accuracy',
    meant: byItsEnd,
    mend: mendOfMetric,
  },
  check(trial) {
    const { config, report } = trial;
    const info = checkDataset(trial);
    checkSplit(trial, info);
    checkTrainingLength(trial);
    checkLearningRate(trial);
    checkMeans(trial, info);
    const { batch_size: batch, dataset } = config;
    if (batch !== undefined && dataset?.train !== undefined && batch > dataset.train) {
      report({
        rule: 'batch-too-large',
        message: `batch_size ${batch} is larger than dataset.train ${dataset.train}: there is no whole mini-batch`,
        paths: ['batch_size', 'dataset.train'],
        suggestion: `batch_size is at most ${dataset.train}`,
      });
    }
  },
  lacks(config, metric) {
    const part = PARTS.find((name) => metric.startsWith(`${name}_`));
    if (part === 'test') return config.test === false ? 'test is false' : undefined;
    if (part === undefined) return undefined;
    if (config.evaluate?.[part] === 'never') return `evaluate.${part} is never`;
    return part === 'val' && config.dataset?.validation === 0 ? 'dataset.validation is 0' : undefined;
  },
  datasetsOf: ({ dataset }) => (dataset?.name === undefined ? [] : [dataset.name]),
};

/** `accuracy` and `validation_accuracy` mean that of the validation records. */
function byItsEnd(name: string): string | undefined {
  const part = ['train', 'test'].find((word) => name.startsWith(word)) ?? 'val';
  return METRICS.find((metric) => metric.startsWith(`${part}_`) && name.endsWith(metric.slice(part.length + 1)));
}

function mendOfMetric(metric: string): string {
  if (metric.startsWith('test_')) return 'set trial.test: true, or rank by val_accuracy';
  return metric.startsWith('val_')
    ? 'set trial.dataset.validation above 0 and trial.evaluate.val to epoch or final'
    : 'set trial.evaluate.train to epoch or final';
}

function checkSplit({ config, report }: TrialToCheck<Part>, info: DatasetInfo | undefined): void {
  if (info === undefined) return;
  const { train, validation } = config.dataset ?? {};
  if ((train ?? 0) + (validation ?? 0) > info.train) {
    const asked = Object.entries({ train, validation }).filter(([, records]) => records !== undefined);
    const sum = asked.map(([name, records]) => `${name} ${records}`).join(' + ');
    report({
      rule: 'split-too-large',
      message: `dataset: ${sum} ${asked.length > 1 ? 'are' : 'is'} more than the ${info.train} training records of ${info.name}`,
      paths: ['dataset.train', 'dataset.validation'],
      suggestion: `train and validation together are at most ${info.train}`,
    });
  }
  if (config.test === true && info.test === 0) {
    report({
      rule: 'no-test-records',
      message: `test is true, but ${info.name} has no test records`,
      paths: ['test', 'dataset.name'],
      suggestion: 'leave test out',
    });
  }
}
