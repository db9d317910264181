import { exp, log } from '../../numeric/index.js';
import type { RateOf } from '../learning-rate.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';

/**
 * The learning rate range test: Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), section 3.3. The rate
 * rises from min to max over the whole training: the first half of a triangular cycle as long as twice the training. What
 * the accuracy does at which rate tells the bounds for a cyclical one. `exponential` growth passes every power of ten alike fast.
 */
export function rangeTestRate(
  { min, max, growth }: RateOf<'range_test'>,
  { totalSteps }: ScheduleLength,
): LearningRateSchedule {
  if (growth === 'linear') return (step) => min + (max - min) * (step / totalSteps);
  const logRatio = log(max / min);
  return (step) => min * exp((step / totalSteps) * logRatio);
}
