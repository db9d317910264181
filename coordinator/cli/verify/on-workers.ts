import type { CommandContext } from '../../../proto/command.js';
import { toErrorPayload, VernierError } from '../../../proto/errors.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchSummary__Output } from '../../../proto/generated/vernier/v1/SearchSummary.js';
import { metricOf, summaryOf } from '../../report/detail.js';
import { printable } from '../../report/format.js';
import { oneTrialSearch } from '../../report/verify/one-trial-search.js';
import {
  hasResults,
  recordedSearch,
  trialsOf,
  type RecordedSearch,
  type RecordedTrial,
} from '../../report/verify/recorded-search.js';
import { comparedWith, type VerifiedTrial } from '../../report/verify/verification.js';
import { isOutage, type CoordinatorApi } from '../api.js';
import { followSearch, specOf } from '../follow.js';
import type { ReachOptions } from '../options.js';
import { progressDisplay, type ProgressDisplay } from '../progress/display.js';
import { SearchWork } from '../progress/search-work.js';
import type { ProgressState } from '../progress/state.js';
import { withCoordinator, type Reached } from '../reach.js';
import { onStopSignals } from '../stop-signals.js';
import { verifyProgress, type VerifyProgress } from './progress.js';
import { inWords } from './words.js';

/**
 * Trains trials again on a coordinator's workers: all of them by submitting the search once more, or each chosen one as a
 * search of its own, all at the same time.
 *
 * @param chosen `all`, or some of the search's trials
 * @throws VernierError COORDINATOR_UNREACHABLE also when nobody serves the store; INTERRUPTED after a signal, which cancels
 *   what was submitted
 */
export async function trainOnWorkers(
  search: RecordedSearch,
  chosen: readonly RecordedTrial[],
  all: boolean,
  options: ReachOptions,
  context: CommandContext,
): Promise<VerifiedTrial[]> {
  const submissions = new Submissions();
  const stop = new AbortController();
  const endListening = onStopSignals((count) => (count > 1 ? process.exit(1) : stop.abort()));
  try {
    return await withCoordinator(options, context, async (reached) => {
      requireWorkers(reached);
      const work = { search, chosen, submissions, signal: stop.signal, reached, context };
      try {
        return await (all ? repeatSearch(work) : repeatTrials(work));
      } catch (error) {
        // After an outage the same searches are looked for again.
        if (!isOutage(error)) await submissions.cancel(reached.api);
        throw error;
      }
    });
  } finally {
    endListening();
  }
}

interface Work {
  search: RecordedSearch;
  chosen: readonly RecordedTrial[];
  submissions: Submissions;
  signal: AbortSignal;
  reached: Reached;
  context: CommandContext;
}

/** What was submitted, each search once, also when the coordinator is lost and found again in between. */
class Submissions {
  private readonly ids = new Map<string, string>();

  async submit(key: string, api: CoordinatorApi, request: Parameters<CoordinatorApi['submit']>[0]): Promise<string> {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const { search } = await api.submit({ ...request, again: true });
    this.ids.set(key, search.id);
    return search.id;
  }

  async cancel(api: CoordinatorApi): Promise<void> {
    await Promise.allSettled([...this.ids.values()].map((id) => api.cancel(id)));
  }
}

/** A store that no coordinator serves has no workers. */
function requireWorkers({ serving }: Reached): void {
  if (serving) return;
  throw new VernierError('COORDINATOR_UNREACHABLE', 'no coordinator serves this store, so it has no workers', {
    mend: 'leave --on-workers out to train on this machine, or serve the store: vernier coordinator',
  });
}

// ---- All trials: the search once more ------------------------------------------------------------------------------

async function repeatSearch(work: Work): Promise<VerifiedTrial[]> {
  const { search, chosen, submissions, signal, reached, context } = work;
  const { api, reconnectMs } = reached;
  const { specYaml, fileName, seed, datasets } = search;
  const id = await submissions.submit('all', api, { specYaml, fileName, seed, datasets });
  const submitted = await api.get({ id });
  requireSameSpecification(search, summaryOf(submitted));
  requireSameNumerics(search, submitted);
  context.stderr.write(`search ${id} repeats it\n`);
  const spec = specOf(submitted);
  const display = progressDisplay(context.stderr, context.env, SearchWork.of(spec));
  try {
    requireEnded(await followSearch({ api, id, spec, display, reconnectMs, signal }));
  } finally {
    display.end();
  }
  const again = recordedSearch(await api.get({ id, epochs: true, configs: true }));
  const trials = new Map(trialsOf(again).map((trial) => [trial.number, trial]));
  return chosen.map((trial) => verified(trial, trials.get(trial.number)));
}

function requireSameSpecification(search: RecordedSearch, { specSha256 }: SearchSummary__Output): void {
  if (specSha256 === search.specSha256) return;
  throw new VernierError('VERIFY_DIFFERS', `the coordinator reads another specification out of the search's file`, {
    mend: 'run the same version of vernier there as the one that took the search, and verify the record: vernier verify',
  });
}

/** Workers compute by their coordinator's numerics, which the record's need not be: a store outlives the program that serves it. */
function requireSameNumerics({ id, numericsVersion }: RecordedSearch, again: SearchDetail__Output): void {
  if (again.numericsVersion === numericsVersion) return;
  const theirs = printable(again.numericsVersion || 'that it does not tell');
  throw new VernierError(
    'NUMERICS_MISMATCH',
    `search ${id} was computed by numerics ${numericsVersion}, and the coordinator's workers compute by ${theirs}`,
    { mend: 'leave --on-workers out to train on this machine' },
  );
}

// ---- Chosen trials: a search each ----------------------------------------------------------------------------------

async function repeatTrials(work: Work): Promise<VerifiedTrial[]> {
  const { search, chosen, submissions, reached, context } = work;
  const metric = metricOf(search).name;
  const files = chosen.map((trial) => oneTrialSearch(search, trial, metric));
  const { datasets } = search;
  const ids = await Promise.all(
    chosen.map(({ number }, index) => {
      const request = { specYaml: files[index] as string, fileName: `trial-${number}.yaml`, datasets };
      return submissions.submit(`trial ${number}`, reached.api, request);
    }),
  );
  const progress = toldOnce(verifyProgress(context.stderr, context.env, chosen));
  try {
    return await Promise.all(
      chosen.map((trial, index) => repeated(trial, index, ids[index] as string, work, progress)),
    );
  } finally {
    progress.end();
  }
}

async function repeated(
  trial: RecordedTrial,
  place: number,
  id: string,
  { search, reached: { api, reconnectMs }, signal }: Work,
  progress: VerifyProgress,
): Promise<VerifiedTrial> {
  const submitted = await api.get({ id });
  requireSameNumerics(search, submitted);
  const spec = specOf(submitted);
  const display = asDisplay(place, progress);
  requireEnded(await followSearch({ api, id, spec, display, reconnectMs, signal }));
  const again = recordedSearch(await api.get({ id, epochs: true, configs: true }));
  const found = verified(trial, trialsOf(again)[0]);
  progress.ended(place, inWords(found.outcome));
  return found;
}

/** What several searches wait for is one thing. */
function toldOnce(progress: VerifyProgress): VerifyProgress {
  const told = new Set<string>();
  return {
    trained: (trial, epoch, epochs, unit) => progress.trained(trial, epoch, epochs, unit),
    ended: (trial, how) => progress.ended(trial, how),
    note: (line) => {
      if (!told.has(line)) progress.note(line);
      told.add(line);
    },
    end: () => progress.end(),
  };
}

/** One search's progress as that of one trial among others. */
function asDisplay(place: number, progress: VerifyProgress): ProgressDisplay {
  return {
    update: ({ running: [running], search: { state, message }, workers }: ProgressState) => {
      if (running !== undefined && running.epochs > 0) {
        progress.trained(place, running.epoch, running.epochs, running.inParts ? 'part' : 'epoch');
      }
      if (message !== '') progress.note(printable(message));
      if (workers === 0 && state === 'running') progress.note('waiting for workers: none is connected');
    },
    note: (line) => progress.note(line),
    end: () => undefined,
  };
}

function requireEnded(ended: boolean): void {
  if (ended) return;
  throw new VernierError('INTERRUPTED', 'verifying was interrupted; what was submitted for it is cancelled', {
    mend: 'run the same command again',
  });
}

function verified(trial: RecordedTrial, again: RecordedTrial | undefined): VerifiedTrial {
  if (again !== undefined && hasResults(again)) {
    const { computed, state, epochs, metrics, weightsSha256 } = again;
    return { trial, again: computed, outcome: comparedWith(trial, { state, epochs, metrics, weightsSha256 }) };
  }
  const how = again === undefined ? 'is not in it' : `was ${again.state}`;
  const error = new VernierError('SEARCH_FAILED', `the search that repeats it gave nothing: the trial ${how}`);
  return { trial, again: undefined, outcome: { problem: toErrorPayload(error) } };
}
