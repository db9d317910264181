import { closest } from '../../../proto/closest.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../../proto/trainers/two-layer.js';
import { jsonSchemaOf } from '../json-schema.js';
import type { Partially } from '../search-schema.js';
import { quote } from '../source.js';
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
  metrics: METRICS,
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

function checkDataset({ config, datasets, report }: TrialToCheck<Part>): DatasetInfo | undefined {
  const name = config.dataset?.name;
  if (name === undefined) return undefined;
  const info = datasets.get(name);
  if (info === undefined) {
    const meant = closest(name.slice(0, 100), datasets.keys());
    report({
      rule: 'unknown-dataset',
      message: `there is no data set ${quote(name)}; known are ${[...datasets.keys()].join(', ')}`,
      paths: ['dataset.name'],
      suggestion: meant === undefined ? 'add one of your own: vernier data add NAME PATH' : `did you mean ${meant}?`,
    });
  }
  return info;
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
