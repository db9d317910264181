import { isBetter, type Metric, type Parameters } from '../../proto/domain.js';
import type { FinishedRound, FinishedTrial } from './round.js';

/** A configuration by what its repeats reached. */
export interface RankedConfiguration {
  configuration: number;
  parameters: Parameters;
  /** Its repeats, by number. */
  trials: FinishedTrial[];
  /** Mean of the metric over the repeats, always finite. */
  score: number;
}

/**
 * The configurations of one round, best first; of equal ones the lower trial number first.
 *
 * Left out are configurations with a repeat that did not complete or has no finite value of the metric: a mean over the
 * repeats that went well would flatter the configuration that sometimes diverges.
 *
 * @param trials trials of one round, in any order. A configuration of which only some repeats are given ranks by those.
 */
export function rankConfigurations(trials: readonly FinishedTrial[], metric: Metric): RankedConfiguration[] {
  const groups = new Map<number, FinishedTrial[]>();
  for (const trial of trials.toSorted((a, b) => a.number - b.number)) {
    const group = groups.get(trial.configuration);
    if (group === undefined) groups.set(trial.configuration, [trial]);
    else group.push(trial);
  }
  const ranked: RankedConfiguration[] = [];
  for (const [configuration, repeats] of groups) {
    const score = meanScore(repeats, metric.name);
    const [first] = repeats;
    if (score === undefined || first === undefined) continue;
    ranked.push({ configuration, parameters: first.parameters, trials: repeats, score });
  }
  // The sort is stable and the groups stand in the order of their first trials: ties need no rule of their own.
  return ranked.sort((a, b) => {
    if (isBetter(metric.goal, a.score, b.score)) return -1;
    return isBetter(metric.goal, b.score, a.score) ? 1 : 0;
  });
}

/** Added up in trial order, so that the mean has the same bits whatever order the trials ended in. */
function meanScore(repeats: readonly FinishedTrial[], metric: string): number | undefined {
  let sum = 0;
  for (const { state, metrics } of repeats) {
    const value = metrics[metric];
    if (state !== 'completed' || value === undefined) return undefined;
    sum += value;
  }
  const mean = sum / repeats.length;
  return Number.isFinite(mean) ? mean : undefined;
}

/**
 * The best configuration of the last round that has the metric: rounds differ in how long and on what they train, so scores
 * are compared within a round only.
 *
 * @param rounds in order. An open round may be given with the trials that have ended so far: then this is the best so far.
 */
export function bestOfSearch(
  metric: Metric,
  rounds: readonly FinishedRound[],
): { round: FinishedRound; best: RankedConfiguration } | undefined {
  for (const round of rounds.toReversed()) {
    const [best] = rankConfigurations(round.trials, metric);
    if (best !== undefined) return { round, best };
  }
  return undefined;
}
