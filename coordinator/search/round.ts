import type { Json } from '../../proto/canonical.js';
import type { EndedTrialState, Interval, Metrics, Parameters } from '../../proto/domain.js';

/** A trial as its round plans it, before it has a number. */
export interface PlannedTrial {
  parameters: Parameters;
  /** Training seed. */
  seed: number;
  /** The round's trial settings with the parameters bound; what the worker gets. */
  config: { [key: string]: Json };
  /** Counts the configurations of a round from 0; a configuration's repeats share it. */
  configuration: number;
  /** Number of the trial (its configuration's first repeat) this one was carried from, 0 when it was drawn. */
  carriedFrom: number;
}

/** A round when it opens. Trials are numbered in this order, going on from the round before. */
export interface OpenedRound {
  index: number;
  name: string;
  method: string;
  /** What each numeric parameter was drawn from. */
  interval: Record<string, Interval>;
  trials: PlannedTrial[];
}

export interface FinishedTrial extends PlannedTrial {
  /** From 1, over the whole search. */
  number: number;
  state: EndedTrialState;
  metrics: Metrics;
}

/** A round when all its trials have ended. */
export interface FinishedRound extends Omit<OpenedRound, 'trials'> {
  trials: FinishedTrial[];
}

/** The search cannot go on, e.g. fewer than two distinct values to narrow between. */
export interface RoundImpossible {
  impossible: string;
}
