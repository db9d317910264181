import { availableParallelism, hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { dataDirOption, kernelOption, sideBySideOption, type SideBySideLimit } from '../../proto/cli-options.js';
import type { CommandContext } from '../../proto/command.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import type { SearchSpec } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import type { GetSearchRequest } from '../../proto/generated/vernier/v1/GetSearchRequest.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { shellWord } from '../../proto/shell-word.js';
import { textOfWorkerNote, workerNameOfProcess } from '../../proto/worker-name.js';
import { summaryOf } from '../report/detail.js';
import { printable } from '../report/format.js';
import type { Coordinator } from '../service/coordinator.js';
import { CoordinatorApi } from './api.js';
import { followSearch, specOf } from './follow.js';
import { againOption, parallelOption, seedOption, storeOption } from './options.js';
import { progressDisplay, type ProgressDisplay } from './progress/display.js';
import { SearchSequence } from './progress/sequence.js';
import { trialsDone, type ProgressState } from './progress/state.js';
import { startWhenFree, storeFile } from './reach.js';
import { Standstill } from './standstill.js';
import { onStopSignals } from './stop-signals.js';
import { WorkerFleet, WorkersLost } from './worker-fleet.js';

/** Options of the commands that run searches on this machine; each is described in `withRunOptions`. */
export interface RunOptions {
  workers: number;
  threads?: number;
  sideBySide: SideBySideLimit;
  store?: string;
  kernel?: string;
  dataDir?: string;
  seed?: number;
  again?: true;
  json?: true;
  verbose?: true;
}

export function withRunOptions(command: Command): Command {
  return command
    .addOption(parallelOption('--workers <n>', 'worker processes').default(1))
    .addOption(
      parallelOption('--threads <n>', "threads of each worker (default: the workers share the machine's cores)"),
    )
    .addOption(storeOption('file that keeps the search'))
    .addOption(sideBySideOption())
    .addOption(kernelOption())
    .addOption(dataDirOption())
    .addOption(seedOption())
    .addOption(againOption())
    .option('--verbose', 'show what the workers say, and stack traces of errors');
}

/** After Ctrl-C, time for trials that are nearly done; the others are handed back. */
const GRACE_S = 5;
/** After the watch has broken off: the coordinator says why it failed once it has closed. */
const REASON_MS = 5_000;
/** Shorter than between machines: a worker that hangs is noticed sooner. One whose process ended is known at once. */
const LEASE = { leaseMs: 6_000, renewMs: 2_000 };

/** With --again the same command would start anew once more. */
function howToGoOn({ again }: Pick<RunOptions, 'again'>): string {
  return `the same command${again ? ' without --again' : ''} goes on with it`;
}

/** A search file whose soundness has been checked. */
interface SearchToRun {
  text: string;
  /** What messages call the file. */
  fileName: string;
  /** Replaces the file's seed. */
  seed?: number | undefined;
}

export interface SearchesToRun {
  /** At least one; they are run one after the other. */
  searches: readonly SearchToRun[];
  /** What progress calls several searches together. */
  title?: string;
  /** Data sets of one's own. */
  datasets: readonly DatasetInfo[];
  options: RunOptions;
  context: CommandContext;
  /** What the answer holds besides. */
  wanted?: Pick<GetSearchRequest, 'epochs' | 'configs'>;
}

/**
 * Runs searches to their ends, with one coordinator and one fleet of workers of this machine; what the store holds already is
 * not run again unless the options say so. One that ends otherwise than completed ends the run.
 *
 * @returns as many as have ended, in order
 * @throws VernierError INTERRUPTED, WORKERS_LOST, and what submitting and the coordinator throw
 */
export async function runSearches(asked: SearchesToRun): Promise<SearchDetail__Output[]> {
  const { options, context } = asked;
  const { env, stderr } = context;
  const notes: Notes = { write: (line) => void stderr.write(`${line}\n`) };
  const log = (line: string): void => {
    if (options.verbose) notes.write(`coordinator: ${line}`);
  };
  const coordinator = await startWhenFree({ listen: '127.0.0.1:0', store: storeFile(options, env), log, ...LEASE });
  const api = new CoordinatorApi(coordinator.address);
  try {
    const submitted = await submitAll(asked, api, notes);
    if (submitted.every(hasEnded)) return await details(submitted, asked, api);
    return await work(submitted, { asked, coordinator, api, notes });
  } finally {
    api.close();
    await coordinator.close();
  }
}

/** Where lines about what happens go: above the progress display while there is one. */
interface Notes {
  write: (line: string) => void;
}

interface Submitted {
  id: string;
  spec: SearchSpec;
  detail: SearchDetail__Output;
}

function hasEnded({ detail }: Submitted): boolean {
  return summaryOf(detail).state !== 'SEARCH_RUNNING';
}

async function submitAll(
  { searches, datasets, options }: SearchesToRun,
  api: CoordinatorApi,
  notes: Notes,
): Promise<Submitted[]> {
  const all: Submitted[] = [];
  for (const { text, fileName, seed } of searches) {
    const request = { specYaml: text, fileName, again: options.again === true, datasets: [...datasets] };
    const { search, created } = await api.submit(seed === undefined ? request : { ...request, seed });
    const which = searches.length === 1 ? '' : `${printable(search.name)}: `;
    if (search.state !== 'SEARCH_RUNNING') notes.write(`${which}this search has ended before; --again repeats it`);
    else if (!created) notes.write(`${which}resuming: ${search.trialsDone} of ${search.trialsTotal} trials done`);
    const detail = await api.get({ id: search.id });
    all.push({ id: search.id, spec: specOf(detail), detail });
  }
  return all;
}

function details(
  submitted: readonly Submitted[],
  { wanted }: SearchesToRun,
  api: CoordinatorApi,
): Promise<SearchDetail__Output[]> {
  return Promise.all(submitted.map(({ id }) => api.get({ id, ...wanted })));
}

interface Work {
  asked: SearchesToRun;
  coordinator: Coordinator;
  api: CoordinatorApi;
  notes: Notes;
}

/** Runs workers until the searches have ended. Whichever way this ends, no worker is left. */
async function work(submitted: readonly Submitted[], running: Work): Promise<SearchDetail__Output[]> {
  const { asked, coordinator, api, notes } = running;
  const { context, title } = asked;
  const sequence = new SearchSequence(submitted, title);
  const display = progressDisplay(context.stderr, context.env, sequence.work, sequence.whole);
  const writeNote = notes.write;
  notes.write = (line) => display.note(line);
  // Whoever worked on the searches before ended with its run, or looks for a coordinator at another address.
  coordinator.workersGone('');
  coordinator.serveOnly(submitted[0]?.id ?? '');
  const fleet = startFleet(running, display);
  const stop = stopOnSignals(fleet, display, asked);
  const ended: Submitted[] = [];
  try {
    for (const search of submitted) {
      coordinator.serveOnly(search.id);
      const detail = hasEnded(search)
        ? search.detail
        : await runToEnd(search, { ...running, sequence, display, fleet, stop: stop.asked });
      ended.push(search);
      if (summaryOf(detail).state !== 'SEARCH_COMPLETED') break;
    }
    const found = await details(ended, asked, api);
    const left = fleet.leave();
    await coordinator.shutdown('the search has ended');
    await left;
    return found;
  } finally {
    fleet.kill();
    display.end();
    notes.write = writeNote;
    stop.end();
  }
}

interface RunToEnd extends Work {
  sequence: SearchSequence;
  display: ProgressDisplay;
  fleet: WorkerFleet;
  stop: Promise<'stop'>;
}

/** Follows a search that the fleet works on until it has ended. */
async function runToEnd({ id, spec }: Submitted, running: RunToEnd): Promise<SearchDetail__Output> {
  const { api, coordinator, sequence, display, fleet, stop } = running;
  const standstill = new Standstill();
  const watching = new AbortController();
  const whole: ProgressDisplay = {
    update: (state) => display.update(sequence.update(state)),
    note: (line) => display.note(line),
    end: () => display.end(),
  };
  const onState = (state: ProgressState): void => {
    fleet.progressed(trialsDone(sequence.whole));
    standstill.observe(state);
  };
  try {
    const { signal } = watching;
    const following = { api, id, spec, display: whole, reconnectMs: 0, signal, onState };
    const followed = followSearch(following).catch(
      async (error: unknown) =>
        (await Promise.race([coordinator.failed, sleep(REASON_MS, undefined, { signal })])) ?? error,
    );
    const end = await Promise.race([followed, fleet.lost, standstill.reached, coordinator.failed, stop]);
    if (end instanceof WorkersLost) for (const line of end.lastWords) display.note(`worker: ${printable(line)}`);
    if (end instanceof Error) throw end;
    if (end === 'stop') await fleet.drain();
    const now = await api.get({ id });
    const all = sequence.observe(now);
    const leftOver = end === 'stop' ? all.search.state === 'running' : summaryOf(now).state === 'SEARCH_RUNNING';
    if (leftOver) throw interrupted(all, running.asked.options);
    return now;
  } finally {
    watching.abort();
    standstill.end();
  }
}

function startFleet({ asked, coordinator }: Work, display: ProgressDisplay): WorkerFleet {
  const { options, context } = asked;
  const { workers, sideBySide, kernel, dataDir, verbose } = options;
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / workers));
  coordinator.expectThreads(workers * threads);
  const told = new Set<string>();
  return new WorkerFleet({
    mainFile: context.mainFile,
    address: coordinator.address,
    workers,
    threads,
    sideBySide,
    kernel,
    dataDir,
    graceS: GRACE_S,
    env: context.env,
    verbose: verbose === true,
    onLine: (worker, line) => {
      const note = textOfWorkerNote(line);
      if (verbose) display.note(`worker ${worker}: ${printable(line)}`);
      else if (note !== undefined && !told.has(note)) {
        // What one worker has to say of this machine, the others say too.
        told.add(note);
        display.note(printable(note));
      }
    },
    onEnded: (pid) => coordinator.workersGone(workerNameOfProcess(hostname(), pid)),
    onReplaced: (worker, how) => display.note(`worker ${worker} ${how}; another takes its place`),
  });
}

/** The first signal asks to stop, the second stops. */
function stopOnSignals(
  fleet: WorkerFleet,
  display: ProgressDisplay,
  { context: { stderr }, options }: SearchesToRun,
): { asked: Promise<'stop'>; end(): void } {
  let ask: (stop: 'stop') => void = () => undefined;
  const asked = new Promise<'stop'>((resolve) => (ask = resolve));
  const end = onStopSignals((count) => {
    if (count === 1) {
      display.note(`stopping: running trials have ${GRACE_S} s to end; once more stops at once`);
      ask('stop');
      return;
    }
    fleet.kill();
    display.end();
    stderr.write(`vernier: stopped; ${howToGoOn(options)}\n`);
    process.exit(1);
  });
  return { asked, end };
}

function interrupted(whole: ProgressState, options: RunOptions): VernierError {
  const total = whole.rounds.reduce((sum, round) => sum + round.trialsTotal, 0);
  return new VernierError('INTERRUPTED', `interrupted with ${trialsDone(whole)} of ${total} trials done`, {
    mend: howToGoOn(options),
  });
}

/** How another command reaches the store that a run has used. */
export function sameStore({ store }: Pick<RunOptions, 'store'>): string {
  return store === undefined ? '' : ` --store ${shellWord(store)}`;
}
