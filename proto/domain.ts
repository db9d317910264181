import type { Json } from './canonical.js';

/** A value of a hyperparameter. */
export type ParameterValue = number | string | boolean | null;
export type Parameters = Record<string, ParameterValue>;

/** What one draw of a parameter comes from. Names and meanings are W&B's where W&B has them. */
export type Distribution =
  | { distribution: 'constant'; value: ParameterValue }
  | { distribution: 'categorical'; values: ParameterValue[]; probabilities?: number[] }
  | { distribution: 'uniform'; min: number; max: number }
  | { distribution: 'q_uniform'; min: number; max: number; q: number }
  | { distribution: 'int_uniform'; min: number; max: number }
  | { distribution: 'log_uniform_values'; min: number; max: number }
  | { distribution: 'q_log_uniform_values'; min: number; max: number; q: number };

/** Closed interval that a numeric parameter is drawn from, in the parameter's own units (never exponents). */
export interface Interval {
  min: number;
  max: number;
}

export type Goal = 'minimize' | 'maximize';

export interface Metric {
  name: string;
  goal: Goal;
}

/** How a round's intervals follow from the round before. Each parameter is narrowed alone. */
export interface Narrow {
  /** `between`: between the best two distinct values; `around`: the span of the best k, grown by the margin. */
  kind: 'between' | 'around';
  /** How many of the best are looked at. */
  best: number;
  /** Share of the span (on the parameter's scale) added at both sides; 0 for none. */
  margin: number;
  /** Grow beyond the former interval when the best value lies on its edge. */
  widen: boolean;
  /** Parameters to narrow; all numeric ones when absent. */
  parameters?: string[];
}

export interface RoundSpec {
  name: string;
  /** `none`: only carried trials. */
  method: 'random' | 'grid' | 'none';
  /** New configurations to draw (0 for `none`; for `grid` the number of its points). */
  trials: number;
  narrow?: Narrow;
  /** Configurations of the round before to train again with this round's settings; they come first. */
  carry?: { best: number };
  /** The search's trial settings with the round's merged over them, parameters not yet bound. */
  trial: { [key: string]: Json };
  /** This round's own parameter definitions over the search's. */
  parameters: Record<string, Distribution>;
}

/** A search file, checked and resolved: defaults filled in, rounds merged. */
export interface SearchSpec {
  name: string;
  description?: string;
  seed: number;
  metric: Metric;
  parameters: Record<string, Distribution>;
  rounds: RoundSpec[];
  /** Training seeds of each configuration, in order; its trials are ranked by their mean. */
  trainingSeeds: number[];
  keepWeights: 'best' | 'all' | 'none';
  /** Tries a trial has when the program itself fails. */
  retries: number;
  /** What the search does when a trial has failed for good. */
  onFailure: 'continue' | 'stop';
}

export type TrialState = 'pending' | 'leased' | 'completed' | 'diverged' | 'pruned' | 'failed' | 'cancelled';
export type EndedTrialState = Exclude<TrialState, 'pending' | 'leased'>;
export type SearchState = 'running' | 'completed' | 'failed' | 'cancelled';

/** Metric name ({train,val,test}_{cost,loss,accuracy}) to value; absent where not evaluated. */
export type Metrics = Record<string, number>;

export interface EpochMetrics {
  /** From 1. */
  epoch: number;
  metrics: Metrics;
}

/** Whether `a` is a better score than `b`. NaN is never better. */
export function isBetter(goal: Goal, a: number, b: number): boolean {
  return goal === 'maximize' ? a > b : a < b;
}
