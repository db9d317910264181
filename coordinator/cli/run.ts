import { availableParallelism, hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import {
  dataDirOption,
  jsonOption,
  kernelOption,
  sideBySideOption,
  type SideBySideLimit,
} from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { forcedNativeWidth } from '../../proto/kernels.js';
import { shellWord } from '../../proto/shell-word.js';
import { textOfWorkerNote, workerNameOfProcess } from '../../proto/worker-name.js';
import { summaryOf } from '../report/detail.js';
import { printable } from '../report/format.js';
import type { Coordinator } from '../service/coordinator.js';
import { CoordinatorApi } from './api.js';
import { checkedFile } from './checked-file.js';
import { followSearch, specOf } from './follow.js';
import { againOption, parallelOption, seedOption, storeOption } from './options.js';
import { progressDisplay, type ProgressDisplay } from './progress/display.js';
import { trialsDone, type ProgressState } from './progress/state.js';
import { startWhenFree, storeFile } from './reach.js';
import { localData, ownDatasets, requireDatasets } from './required-data.js';
import { requireCompleted, writeResult } from './result.js';
import { Standstill } from './standstill.js';
import { onStopSignals } from './stop-signals.js';
import { WorkerFleet, WorkersLost } from './worker-fleet.js';

interface RunOptions {
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

/** After Ctrl-C, time for trials that are nearly done; the others are handed back. */
const GRACE_S = 5;
/** After the watch has broken off: the coordinator says why it failed once it has closed. */
const REASON_MS = 5_000;
/** Shorter than between machines: a worker that hangs is noticed sooner. One whose process ended is known at once. */
const LEASE = { leaseMs: 6_000, renewMs: 2_000 };
const HOW_TO_GO_ON = 'the same command goes on with it';

const HELP = `
Examples:
  vernier run configs/quickstart.yaml
  vernier run search.yaml --seed 7 --workers 2 --threads 4

A search that was interrupted goes on with the same command; one that has ended
is printed again at once. The same file and seed give the same result digest on
any number of workers and threads.

Exit codes: 0 the search completed, 1 it failed or was interrupted, 2 wrong use
or a wrong file.`;

/** `vernier run`: coordinator, workers and progress of one search, in one command. */
export const runCommand: CommandFactory = (context) =>
  new Command('run')
    .argument('<file>', 'search file (YAML); - is standard input')
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
    .addOption(jsonOption())
    .option('--verbose', 'show what the workers say, and stack traces of errors')
    .addHelpText('after', HELP)
    .action((file: string, _: RunOptions, command: Command) => run(file, command.optsWithGlobals(), context));

async function run(file: string, options: RunOptions, context: CommandContext): Promise<void> {
  const { env, stderr } = context;
  // The workers would each refuse it.
  forcedNativeWidth(env);
  const local = await localData(context, options.dataDir);
  const datasets = ownDatasets(local);
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  const { text, fileName, search: checked } = await checkedFile(file, options, datasets, stderr);
  requireDatasets(checked.datasets, local, options.dataDir);

  const notes: Notes = { write: (line) => void stderr.write(`${line}\n`) };
  const log = (line: string): void => {
    if (options.verbose) notes.write(`coordinator: ${line}`);
  };
  const coordinator = await startWhenFree({ listen: '127.0.0.1:0', store: storeFile(options, env), log, ...LEASE });
  const api = new CoordinatorApi(coordinator.address);
  try {
    const again = options.again === true;
    const { search, created } = await api.submit({ specYaml: text, fileName, again, datasets, ...seed });
    let detail = await api.get({ id: search.id });
    if (search.state === 'SEARCH_RUNNING') {
      if (!created) stderr.write(`resuming: ${search.trialsDone} of ${search.trialsTotal} trials done\n`);
      detail = await work(detail, { options, context, coordinator, api, notes });
    } else {
      stderr.write('this search has ended before; --again repeats it\n');
    }
    writeResult(detail, { json: options.json, serving: true, sameAgain: sameStore(options) }, context.stdout);
    requireCompleted(detail);
  } finally {
    api.close();
    await coordinator.close();
  }
}

/** Where lines about what happens go: above the progress display while there is one. */
interface Notes {
  write: (line: string) => void;
}

interface Work {
  options: RunOptions;
  context: CommandContext;
  coordinator: Coordinator;
  api: CoordinatorApi;
  notes: Notes;
}

/** Runs the search's workers until it has ended. Whichever way this ends, no worker is left. */
async function work(detail: SearchDetail__Output, running: Work): Promise<SearchDetail__Output> {
  const { context, coordinator, api, notes } = running;
  const { id } = summaryOf(detail);
  const spec = specOf(detail);
  const display = progressDisplay(context.stderr, context.env, spec);
  const writeNote = notes.write;
  notes.write = (line) => display.note(line);
  coordinator.serveOnly(id);
  // Whoever worked on the search before ended with its run, or looks for a coordinator at another address.
  coordinator.workersGone('');
  const fleet = startFleet(running, display);
  const stop = stopOnSignals(fleet, display, context);
  const standstill = new Standstill();
  const watching = new AbortController();
  const onState = (state: ProgressState): void => {
    fleet.progressed(trialsDone(state));
    standstill.observe(state);
  };
  try {
    const { signal } = watching;
    const ended = followSearch({ api, id, spec, display, reconnectMs: 0, signal, onState }).catch(
      async (error: unknown) =>
        (await Promise.race([coordinator.failed, sleep(REASON_MS, undefined, { signal })])) ?? error,
    );
    const end = await Promise.race([ended, fleet.lost, standstill.reached, coordinator.failed, stop.asked]);
    if (end instanceof WorkersLost) for (const line of end.lastWords) display.note(`worker: ${printable(line)}`);
    if (end instanceof Error) throw end;
    if (end === 'stop') await fleet.drain();
    const now = await api.get({ id });
    if (summaryOf(now).state === 'SEARCH_RUNNING') throw interrupted(now);
    const left = fleet.leave();
    await coordinator.shutdown('the search has ended');
    await left;
    return now;
  } finally {
    fleet.kill();
    watching.abort();
    standstill.end();
    display.end();
    notes.write = writeNote;
    stop.end();
  }
}

function startFleet({ options, context, coordinator }: Work, display: ProgressDisplay): WorkerFleet {
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
  { stderr }: CommandContext,
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
    stderr.write(`vernier: stopped; ${HOW_TO_GO_ON}\n`);
    process.exit(1);
  });
  return { asked, end };
}

function interrupted(detail: SearchDetail__Output): VernierError {
  const { trialsDone: done, trialsTotal: total } = summaryOf(detail);
  return new VernierError('INTERRUPTED', `interrupted with ${done} of ${total} trials done`, { mend: HOW_TO_GO_ON });
}

function sameStore({ store }: RunOptions): string {
  return store === undefined ? '' : ` --store ${shellWord(store)}`;
}
