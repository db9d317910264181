import type { SearchJson } from '../../coordinator/report/search-json.js';

/** The largest value that a trial of the round has of the metric. */
export function bestOf(result: SearchJson, round: string, metric: string): number {
  const trials = result.rounds.find(({ name }) => name === round)?.trials ?? [];
  return Math.max(...trials.map(({ metrics }) => metrics[metric] ?? NaN));
}

/** The rounds without what tells when and by whom they were computed. */
export function resultsOf({ rounds }: SearchJson): object {
  return rounds.map((round) => ({ ...round, trials: round.trials.map((trial) => ({ ...trial, attemptDetails: [] })) }));
}
