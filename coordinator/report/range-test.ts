import type { Json } from '../../proto/canonical.js';
import { planTraining } from '../../proto/training/plan.js';
import { plannedSettings } from './schedules/rounds.js';

/** What a learning rate range test found. */
export interface RangeTest {
  growth: 'linear' | 'exponential';
  /** In epoch order. */
  points: readonly RangeTestPoint[];
}

interface RangeTestPoint {
  /** From 1. */
  epoch: number;
  /** Of the epoch's last update step. */
  rate: number;
  /** Of the metric, after the epoch. */
  value: number;
}

/**
 * A metric's course beside the learning rate that it was reached at.
 *
 * @param config the trial's settings
 * @returns undefined where the trial is no range test
 */
export function rangeTestOf(
  config: { [key: string]: Json },
  course: readonly { epoch: number; value: number }[],
): RangeTest | undefined {
  const settings = plannedSettings(config);
  if (settings?.learning_rate.schedule !== 'range_test') return undefined;
  const { stepsPerEpoch, totalSteps, learningRate } = planTraining(settings);
  const points = course.map(({ epoch, value }): RangeTestPoint => {
    return { epoch, rate: learningRate(Math.min(epoch * stepsPerEpoch, totalSteps) - 1), value };
  });
  return { growth: settings.learning_rate.growth, points };
}
