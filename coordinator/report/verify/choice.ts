import type { TrialState } from '../../../proto/domain.js';
import { VernierError } from '../../../proto/errors.js';
import { deriveSeed, generator } from '../../../proto/seed.js';
import { hasResults, trialsOf, type RecordedSearch, type RecordedTrial } from './recorded-search.js';

/** Which trials are to be trained again: those of these numbers, so many drawn ones, or all. */
export type Wanted = { numbers: readonly number[] } | { sample: number } | 'all';

/**
 * The trials to train again, in trial order. A sample has the best trial and others that are drawn by the search's digest, so that
 * everybody draws the same of it.
 *
 * @throws VernierError TRIAL_NOT_FOUND for a number that is none of the search's, or of a trial that has no results
 */
export function chooseTrials(search: RecordedSearch, wanted: Wanted): RecordedTrial[] {
  const trials = trialsOf(search);
  if (wanted !== 'all' && 'numbers' in wanted) {
    const numbers = [...new Set(wanted.numbers)].sort((a, b) => a - b);
    return numbers.map((number) => trialOf(number, trials));
  }
  const withResults = trials.filter(hasResults);
  return wanted === 'all' ? withResults : sampleOf(withResults, wanted.sample, search);
}

const HOW: Record<TrialState, string> = {
  pending: 'has not run',
  leased: 'has not ended',
  completed: 'completed',
  diverged: 'diverged',
  pruned: 'was pruned',
  failed: 'failed',
  cancelled: 'was cancelled',
};

function trialOf(number: number, trials: readonly RecordedTrial[]): RecordedTrial {
  const trial = trials.find((each) => each.number === number);
  if (trial === undefined) {
    const numbers = trials.map((each) => each.number);
    throw new VernierError('TRIAL_NOT_FOUND', `the search has no trial ${number}`, {
      mend: numbers.length === 0 ? 'it has none' : `it has trials ${numbers[0]} to ${numbers.at(-1)}`,
    });
  }
  if (hasResults(trial)) return trial;
  throw new VernierError('TRIAL_NOT_FOUND', `trial ${number} ${HOW[trial.state]}: it has no results to verify`, {
    mend: 'name trials that completed or diverged, or leave --trial out for a sample of them',
  });
}

/** Drawn without replacement (Fisher and Yates), after the best. */
function sampleOf(trials: readonly RecordedTrial[], count: number, search: RecordedSearch): RecordedTrial[] {
  const draws = generator(deriveSeed(search.seed, 'verify', search.resultDigest || search.specSha256), 'sample');
  const best = trials.filter(({ number }) => number === search.best);
  const left = trials.filter(({ number }) => number !== search.best);
  const chosen = best.slice(0, count);
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(Math.floor(draws.next() * left.length), 1));
  }
  return chosen.sort((a, b) => a.number - b.number);
}
