import type { RateOf } from '../learning-rate.js';
import type { LearningRateSchedule } from './schedule.js';

export function constantRate({ value }: RateOf<'constant'>): LearningRateSchedule {
  return () => value;
}
