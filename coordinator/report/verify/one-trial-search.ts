import { canonicalJson } from '../../../proto/canonical.js';
import type { SearchSpec } from '../../../proto/domain.js';
import { VernierError } from '../../../proto/errors.js';
import { parseSearchFile } from '../../spec/search-file.js';
import { TRAINER_KINDS, trainerRules } from '../../spec/trainers/index.js';
import type { RecordedSearch, RecordedTrial } from './recorded-search.js';

/**
 * A search file whose one trial is the given one: the same settings, training seed and data, and so the same results. Its name says
 * whose trial it is.
 *
 * @param metric what the search ranks by; the file has it where the trial has, else another that the trial has
 * @throws VernierError TRIAL_INVALID when no search file stands for it
 */
export function oneTrialSearch(search: RecordedSearch, trial: RecordedTrial, metric: string): string {
  const kind = TRAINER_KINDS.find((each) => each === trial.config['kind']);
  const others = kind === undefined ? [] : trainerRules[kind].metrics.names;
  let refusal: unknown;
  for (const name of new Set([metric, ...others])) {
    const file = canonicalJson({
      name: `verify ${search.id} ${trial.number}`,
      seed: search.seed,
      metric: { name },
      trial: trial.config,
      seeds: [trial.seed],
      keep_weights: 'none',
    });
    try {
      const { spec } = parseSearchFile(file, { fileName: 'its own search', datasets: search.datasets });
      if (standsFor(spec, trial)) return file;
    } catch (error) {
      refusal ??= error;
    }
  }
  const told =
    refusal instanceof VernierError ? (refusal.problems[0]?.message ?? refusal.message) : 'it is another then';
  throw new VernierError('TRIAL_INVALID', `trial ${trial.number} cannot be a search of its own: ${told}`, {
    mend: 'train it again on this machine: leave --on-workers out',
    cause: refusal,
  });
}

/** Whether the search's one trial has the settings and the seed to the last bit. */
function standsFor({ rounds, trainingSeeds }: SearchSpec, { config, seed }: RecordedTrial): boolean {
  const [round] = rounds;
  return (
    rounds.length === 1 &&
    trainingSeeds.length === 1 &&
    trainingSeeds[0] === seed &&
    canonicalJson(round?.trial ?? null) === canonicalJson(config)
  );
}
