import type { Interval, Metric, Parameters, TrialState } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { intervalsFromWire, metricsFromWire, parametersFromWire, trialStateFromWire } from '../../proto/wire.js';
import { rankConfigurations, type RankedConfiguration } from '../search/ranking.js';
import type { FinishedTrial } from '../search/round.js';

/** One configuration in a round's table. */
export interface ConfigurationRow {
  /** Its trial; with several training seeds, the trials of all repeats. */
  numbers: number[];
  parameters: Parameters;
  /** The metric, or its mean over the repeats. */
  score: number;
  /** Where the round evaluates the test records; mean over the repeats. */
  testAccuracy?: number;
  /** Trial it was carried from, 0 when it was drawn. */
  carriedFrom: number;
}

/** A round as users see it. */
export interface RoundRows {
  /** From 0. */
  index: number;
  name: string;
  method: string;
  metric: Metric;
  open: boolean;
  interval: Record<string, Interval>;
  trialsTotal: number;
  /** How many trials are in each state; states without a trial are absent. */
  states: Partial<Record<TrialState, number>>;
  /** Best first. */
  best: ConfigurationRow[];
}

/** Rows of the table that follows a round. */
const BEST_ROWS = 3;

/** @param limit how many of the best configurations */
export function roundRows(round: RoundDetail__Output, metric: Metric, limit = BEST_ROWS): RoundRows {
  const states: RoundRows['states'] = {};
  for (const { state } of round.trials) {
    const name = trialStateFromWire(state);
    states[name] = (states[name] ?? 0) + 1;
  }
  const ranked = rankConfigurations(round.trials.flatMap(ended), metric);
  return {
    index: round.index,
    name: round.name,
    method: round.method,
    metric,
    open: round.state !== 'ROUND_CLOSED',
    interval: intervalsFromWire(round.interval),
    trialsTotal: round.trialsTotal,
    states,
    best: ranked.slice(0, limit).map(configurationRow),
  };
}

function configurationRow({ trials, parameters, score }: RankedConfiguration): ConfigurationRow {
  const testAccuracy = meanOf(trials, 'test_accuracy');
  return {
    numbers: trials.map(({ number }) => number),
    parameters,
    score,
    ...(testAccuracy === undefined ? {} : { testAccuracy }),
    carriedFrom: trials[0]?.carriedFrom ?? 0,
  };
}

/** The trial as ranking wants it, if it has ended. */
function ended(trial: TrialDetail__Output): FinishedTrial[] {
  const state = trialStateFromWire(trial.state);
  if (state === 'pending' || state === 'leased') return [];
  return [
    {
      number: trial.number,
      parameters: parametersFromWire(trial.parameters),
      seed: trial.seed,
      config: {},
      configuration: trial.configuration,
      carriedFrom: trial.carriedFrom,
      state,
      metrics: metricsFromWire(trial.metrics),
    },
  ];
}

function meanOf(trials: readonly FinishedTrial[], metric: string): number | undefined {
  let sum = 0;
  for (const { metrics } of trials) {
    const value = metrics[metric];
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum / trials.length;
}
