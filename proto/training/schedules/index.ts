import type { LearningRate, RateOf, ScheduleName } from '../learning-rate.js';
import { constantRate } from './constant.js';
import { cosineRate } from './cosine.js';
import { expRangeRate, triangular2Rate, triangularRate } from './cyclical.js';
import { oneCycleRate } from './one-cycle.js';
import { rangeTestRate } from './range-test.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';
import { stepRate } from './step.js';

/*
 * The formulas of the learning rate, one file a schedule. In all of them the order of the float64 operations is part of the
 * numerics contract (docs/numerics.md, "Learning rate").
 */

const SCHEDULES: { [Name in ScheduleName]: (rate: RateOf<Name>, length: ScheduleLength) => LearningRateSchedule } = {
  constant: constantRate,
  triangular: triangularRate,
  triangular2: triangular2Rate,
  exp_range: expRangeRate,
  cosine: cosineRate,
  step: stepRate,
  one_cycle: oneCycleRate,
  range_test: rangeTestRate,
};

/** The schedule that a trial's settings ask for. */
export function scheduleOf(rate: LearningRate, length: ScheduleLength): LearningRateSchedule {
  // The settings' own name chose it.
  const schedule = SCHEDULES[rate.schedule] as (rate: LearningRate, length: ScheduleLength) => LearningRateSchedule;
  return schedule(rate, length);
}
