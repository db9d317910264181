import type { Json } from '../../proto/canonical.js';
import type { EpochMetrics } from '../../proto/domain.js';
import { plannedSettings } from './schedule-rounds.js';
import { planTraining } from '../../proto/training/plan.js';

/** What a learning rate range test found. */
export interface RangeTest {
  metric: string;
  growth: 'linear' | 'exponential';
  /** In epoch order. */
  points: readonly RangeTestPoint[];
}

interface RangeTestPoint {
  /** From 1. */
  epoch: number;
  /** Of the epoch's last update step. */
  rate: number;
  value: number;
}

/**
 * A trial's metric beside its learning rate, epoch by epoch.
 *
 * @param config the trial's settings
 * @returns undefined where the trial is no range test
 */
export function rangeTestOf(
  config: { [key: string]: Json },
  epochs: readonly EpochMetrics[],
  metric: string,
): RangeTest | undefined {
  const settings = plannedSettings(config);
  if (settings?.learning_rate.schedule !== 'range_test') return undefined;
  const { stepsPerEpoch, totalSteps, learningRate } = planTraining(settings);
  const points = epochs.flatMap(({ epoch, metrics }): RangeTestPoint[] => {
    const value = metrics[metric];
    const rate = learningRate(Math.min(epoch * stepsPerEpoch, totalSteps) - 1);
    return value === undefined ? [] : [{ epoch, rate, value }];
  });
  return { metric, growth: settings.learning_rate.growth, points };
}
