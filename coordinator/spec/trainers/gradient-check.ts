import type { DatasetInfo } from '../../../proto/datasets.js';
import { MAX_KERNEL_BYTES } from '../../../proto/kernels.js';
import {
  DEVIATIONS,
  DIFFERENCES,
  deviationMetric,
  GRADIENT_CHECK_METRICS,
  gradientCheckSchema,
  leastBytes,
  type GradientCheckConfig,
} from '../../../proto/trainers/gradient-check.js';
import { tensorNames } from '../../../proto/trainers/network.js';
import { jsonSchemaOf } from '../json-schema.js';
import type { Partially } from '../search-schema.js';
import { checkDataset } from './dataset.js';
import type { TrainerRules, TrialToCheck } from './trainer-rules.js';

type Part = Partially<GradientCheckConfig>;

const GIB = 2 ** 30;
const USUAL = deviationMetric('central', 'max_relative_error');

export const gradientCheckRules: TrainerRules<Part> = {
  schema: jsonSchemaOf(gradientCheckSchema),
  exclusive: [],
  metrics: {
    names: GRADIENT_CHECK_METRICS,
    inWords: `cost, loss, and the ${DEVIATIONS.join(', ')} of ${DIFFERENCES.join(' and ')} differences, of all tensors or one, as in ${USUAL} and ${deviationMetric('forward', 'mean_difference', 'W1')}`,
    usual: USUAL,
    meant: (name) => [USUAL, ...GRADIENT_CHECK_METRICS].find((metric) => name !== '' && metric.endsWith(`_${name}`)),
    mend: (metric) => `rank by ${USUAL}, or give trial.hidden ${layerOf(metric) - 1} layers or more`,
  },
  check(trial) {
    const info = checkDataset(trial);
    checkRecords(trial, info);
    checkMemory(trial, info);
  },
  lacks({ hidden }, metric) {
    if (hidden === undefined) return undefined;
    const matrices = (typeof hidden === 'number' ? 1 : hidden.length) + 1;
    return layerOf(metric) > matrices ? `the network has ${tensorNames(matrices).join(', ')} only` : undefined;
  },
  datasetsOf: ({ dataset }) => (dataset?.name === undefined ? [] : [dataset.name]),
};

/** The layer of the tensor that a metric is of, from 1; 0 where it is of all. */
function layerOf(metric: string): number {
  return Number(/_[Wb](\d)_/.exec(metric)?.[1] ?? 0);
}

function checkRecords({ config, report }: TrialToCheck<Part>, info: DatasetInfo | undefined): void {
  const train = config.dataset?.train;
  const count = config.samples?.count;
  if (train !== undefined && info !== undefined && train > info.train) {
    report({
      rule: 'split-too-large',
      message: `dataset: train ${train} is more than the ${info.train} training records of ${info.name}`,
      paths: ['dataset.train'],
      suggestion: `train is at most ${info.train}`,
    });
  }
  if (train !== undefined && count !== undefined && count > train) {
    report({
      rule: 'too-many-samples',
      message: `samples.count ${count} is more than dataset.train ${train}: the samples are of those records`,
      paths: ['samples.count', 'dataset.train'],
      suggestion: `samples.count is at most ${train}`,
    });
  }
}

function checkMemory({ config, report }: TrialToCheck<Part>, info: DatasetInfo | undefined): void {
  const { hidden, samples, entries } = config;
  if (info === undefined || hidden === undefined || samples?.count === undefined) return;
  const settings = { hidden, samples: { count: samples.count }, ...(entries === undefined ? {} : { entries }) };
  const bytes = leastBytes(settings, info);
  if (bytes <= MAX_KERNEL_BYTES) return;
  report({
    rule: 'check-too-large',
    message: `a node has 4 GiB of kernel memory, and the check needs ${(bytes / GIB).toFixed(1)} GiB or more`,
    paths: ['hidden', 'samples.count'],
    suggestion: 'choose fewer hidden units, fewer samples, or check some entries of each tensor only (entries)',
  });
}
