import { inSteps } from '../../../proto/training/duration.js';
import type { LearningRate } from '../../../proto/training/learning-rate.js';
import type { LengthSettings } from '../../../proto/training/plan.js';
import type { Partially } from '../search-schema.js';
import type { TrialToCheck } from './trainer-rules.js';
import { soundDuration, soundLength } from './training-length.js';

/** The settings that a learning rate is checked with. */
type Part = Partially<Omit<LengthSettings, 'learning_rate'> & { learning_rate: LearningRate }>;
type Trial = Pick<TrialToCheck<Part>, 'config' | 'report'>;

/** What a schedule's settings ask of each other, and of the length of training. */
export function checkLearningRate(trial: Trial): void {
  checkRange(trial);
  checkGrowth(trial);
  checkWarmup(trial);
}

function checkRange({ config, report }: Trial): void {
  const { learning_rate: rate } = config;
  if (rate === undefined || !('min' in rate) || rate.min === undefined || rate.max === undefined) return;
  if (rate.min <= rate.max) return;
  report({
    rule: 'rate-range',
    message: `learning_rate.min ${rate.min} exceeds learning_rate.max ${rate.max}`,
    paths: ['learning_rate.min', 'learning_rate.max'],
    suggestion: `a ${rate.schedule} schedule ${rate.schedule === 'cosine' ? 'falls from max to min' : 'rises from min to max'}`,
  });
}

function checkGrowth({ config, report }: Trial): void {
  const { learning_rate: rate } = config;
  if (rate?.schedule !== 'range_test' || rate.growth !== 'exponential' || rate.min !== 0) return;
  report({
    rule: 'rate-growth',
    message: 'learning_rate.min is 0, from where no rate grows exponentially',
    paths: ['learning_rate.min', 'learning_rate.growth'],
    suggestion: 'write a small min above 0, e.g. 1.0e-6, or growth: linear',
  });
}

function checkWarmup({ config, report }: Trial): void {
  const { learning_rate: rate } = config;
  const warmup = rate?.schedule === 'cosine' ? soundDuration(rate.warmup) : undefined;
  const length = soundLength(config);
  if (warmup === undefined || length === undefined) return;
  const steps = inSteps(warmup, length.stepsPerEpoch);
  if (steps < length.totalSteps) return;
  report({
    rule: 'warmup-too-long',
    message: `learning_rate.warmup of ${steps} update steps is not shorter than the training of ${length.totalSteps}`,
    paths: ['learning_rate.warmup', 'epochs'],
    suggestion: 'choose a shorter warmup or more epochs',
  });
}
