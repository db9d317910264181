import type { SearchJson } from '../../coordinator/report/search-json.js';

/** The largest value that a trial of the round has of the metric. */
export function bestOf(result: SearchJson, round: string, metric: string): number {
  const trials = result.rounds.find(({ name }) => name === round)?.trials ?? [];
  return Math.max(...trials.map(({ metrics }) => metrics[metric] ?? NaN));
}
