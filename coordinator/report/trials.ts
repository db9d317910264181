import type { Metric, Metrics } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { metricsFromWire } from '../../proto/wire.js';
import type { CurvePoint } from './figures/learning-curves.js';
import { roundRows } from './round-rows.js';

/** Rounds and trials of an answer, as reports look for them. */

/** The round of that name; the last one without a name. */
export function roundOf(
  { rounds }: Pick<SearchDetail__Output, 'rounds'>,
  name?: string,
): RoundDetail__Output | undefined {
  return name === undefined ? rounds.at(-1) : rounds.find((round) => round.name === name);
}

/** The first trial of each of a round's best configurations, best first. */
export function bestTrials(round: RoundDetail__Output, metric: Metric, count: number): TrialDetail__Output[] {
  return roundRows(round, metric, count).best.flatMap(
    ({ numbers }) => round.trials.find(({ number }) => number === numbers[0]) ?? [],
  );
}

/** Of its last epoch, and of the test where there was one. */
export function finalMetrics({ metrics }: Pick<TrialDetail__Output, 'metrics'>): Metrics {
  return metricsFromWire(metrics);
}

/** A metric's course; empty where no epoch was asked for it, or the answer holds no epochs. */
export function courseOf({ epochs }: Pick<TrialDetail__Output, 'epochs'>, metric: string): CurvePoint[] {
  return epochs.flatMap(({ epoch, metrics }) => {
    const value = metricsFromWire(metrics)[metric];
    return value === undefined ? [] : [{ epoch, value }];
  });
}
