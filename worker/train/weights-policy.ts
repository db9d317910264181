import { isBetter, type Goal, type Metrics } from '../../proto/domain.js';

/** When a trial's weights are kept; see WeightsPolicy in proto/vernier.proto. */
export type WeightsPolicy =
  | { keep: 'never' }
  | { keep: 'always' }
  /** When `metric` is better than `score`, or there is no score to beat yet. */
  | { keep: 'if-better'; metric: string; goal: Goal; score: number | undefined };

/** Whether the weights of a trial that ended so are wanted. A diverged trial is never the better one. */
export function wantsWeights(policy: WeightsPolicy, outcome: 'completed' | 'diverged', metrics: Metrics): boolean {
  if (policy.keep !== 'if-better') return policy.keep === 'always';
  const value = metrics[policy.metric];
  if (outcome === 'diverged' || value === undefined || Number.isNaN(value)) return false;
  return policy.score === undefined || isBetter(policy.goal, value, policy.score);
}
