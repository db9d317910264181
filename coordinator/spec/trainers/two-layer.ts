import { closest } from '../../../proto/closest.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../../proto/trainers/two-layer.js';
import type { Duration } from '../../../proto/training/duration.js';
import { MAX_EPOCHS, trainingLength } from '../../../proto/training/plan.js';
import { jsonSchemaOf } from '../json-schema.js';
import type { Partially } from '../search-schema.js';
import { quote } from '../source.js';
import type { TrainerRules, TrialToCheck } from './trainer-rules.js';
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
    checkLength(trial);
    checkEpochs(trial);
    checkMeans(trial, info);
    const { learning_rate: rate, batch_size: batch, dataset } = config;
    if (batch !== undefined && dataset?.train !== undefined && batch > dataset.train) {
      report({
        rule: 'batch-too-large',
        message: `batch_size ${batch} is larger than dataset.train ${dataset.train}: there is no whole mini-batch`,
        paths: ['batch_size', 'dataset.train'],
        suggestion: `batch_size is at most ${dataset.train}`,
      });
    }
    if (rate?.schedule === 'triangular' && rate.min !== undefined && rate.max !== undefined && rate.min > rate.max) {
      report({
        rule: 'rate-range',
        message: `learning_rate.min ${rate.min} exceeds learning_rate.max ${rate.max}`,
        paths: ['learning_rate.min', 'learning_rate.max'],
        suggestion: 'a triangular schedule rises from min to max',
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

function checkLength({ config, gives, report }: TrialToCheck<Part>): void {
  const schedule = config.learning_rate?.schedule;
  const constant = schedule === 'constant';
  if (gives('cycles') && gives('epochs')) {
    report({
      rule: 'length',
      message: 'cycles and epochs both give the length of training',
      paths: ['cycles', 'epochs'],
      suggestion: 'keep one of them',
    });
  } else if (gives('cycles') && constant) {
    report({
      rule: 'cycles-without-schedule',
      message: `cycles need a cyclical schedule, and learning_rate.schedule is constant`,
      paths: ['cycles', 'learning_rate.schedule'],
      suggestion: 'write epochs, or schedule: triangular',
    });
  } else if (!gives('cycles') && !gives('epochs')) {
    report({
      rule: 'length',
      message: 'the trial has no length: neither cycles nor epochs is given',
      paths: [],
      suggestion: schedule === undefined ? 'add cycles or epochs' : `add ${constant ? 'epochs: 10' : 'cycles: 2'}`,
    });
  }
}

/** Cycles give a length in update steps; how many epochs those are depends on the split and the mini-batch. */
function checkEpochs({ config, gives, report }: TrialToCheck<Part>): void {
  const { cycles, batch_size, dataset, learning_rate: rate } = config;
  if (gives('epochs') || cycles === undefined || batch_size === undefined || dataset?.train === undefined) return;
  const length = trainingLength({
    dataset: { train: dataset.train },
    batch_size,
    cycles,
    learning_rate: { step_size: rate?.schedule === 'triangular' ? wholeDuration(rate.step_size) : undefined },
  });
  if (length?.cycleSteps === undefined || length.epochs <= MAX_EPOCHS) return;
  const { cycleSteps, epochs, stepsPerEpoch } = length;
  const most = Math.floor((MAX_EPOCHS * stepsPerEpoch) / cycleSteps);
  report({
    rule: 'too-long',
    message: `cycles ${cycles} of ${cycleSteps} update steps each are ${epochs} epochs, more than the ${MAX_EPOCHS} that a trial may have`,
    paths: ['cycles', 'learning_rate.step_size'],
    suggestion: most < 1 ? 'choose a smaller step_size' : `cycles is at most ${most} with this step_size`,
  });
}

/** The duration where it is sound. */
function wholeDuration(given: Partially<Duration> | undefined): Duration | undefined {
  if (given === undefined || typeof given === 'number') return given;
  if ('steps' in given && given.steps !== undefined) return { steps: given.steps };
  return 'epochs' in given && given.epochs !== undefined ? { epochs: given.epochs } : undefined;
}
