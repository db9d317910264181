import { fork, type ChildProcess } from 'node:child_process';
import type { SideBySideLimit } from '../../proto/cli-options.js';
import { VernierError } from '../../proto/errors.js';

/** A worker that says why and exits will most likely say so again. */
const MAX_EXITS = 3;
/**
 * A worker that is killed may be a trial's doing. The coordinator ends a trial as failed that lost three workers among
 * others and then ten alone, so this is more than thirteen.
 */
const MAX_KILLS = 14;
/** What a worker wrote last: enough for an error and its stack. */
const LAST_WORDS_LINES = 30;
/** Beyond a worker's own grace time: its last results' acknowledgements, and the end of its threads. */
const LEAVE_MS = 8_000;

/** The fleet was given up. */
export class WorkersLost extends VernierError {
  constructor(
    deaths: number,
    how: string,
    /** What the last worker wrote. */
    readonly lastWords: readonly string[],
  ) {
    super('WORKERS_LOST', `${deaths} worker processes ended without finishing a trial; the last one ${how}`, {
      mend: 'what is done is kept: mend the cause and run the same command again',
    });
  }
}

export interface FleetOptions {
  /** The program's entry file. */
  mainFile: string;
  /** The coordinator's address. */
  address: string;
  workers: number;
  /** Of each worker. */
  threads: number;
  sideBySide: SideBySideLimit;
  kernel?: string | undefined;
  dataDir?: string | undefined;
  /** After a signal, time for running trials to end. */
  graceS: number;
  env: NodeJS.ProcessEnv;
  /** Let workers tell what they do. */
  verbose: boolean;
  /** A line that a worker wrote. */
  onLine: (worker: number, line: string) => void;
  /** A worker process ended, however. */
  onEnded: (pid: number) => void;
  /** A worker process ended and another takes its place. */
  onReplaced: (worker: number, how: string) => void;
}

interface Member {
  process: ChildProcess;
  gone: Promise<void>;
}

/**
 * The worker processes of `vernier run`. They are in process groups of their own, so that a terminal's Ctrl-C does not
 * reach them, and have a channel to this process: when it closes, however this process ended, they end.
 *
 * A process that ends is replaced, until too many ended without a trial finishing in between.
 */
export class WorkerFleet {
  /** Resolves when the fleet is given up, with WORKERS_LOST; else never. */
  readonly lost: Promise<WorkersLost>;
  private giveUp: (error: WorkersLost) => void = () => undefined;
  private readonly members = new Map<number, Member>();
  private leaving = false;
  private exits = 0;
  private kills = 0;
  private trialsDone = 0;

  constructor(private readonly options: FleetOptions) {
    this.lost = new Promise((resolve) => (this.giveUp = resolve));
    for (let worker = 1; worker <= options.workers; worker++) this.start(worker);
  }

  /** A trial that finished shows that workers can work. */
  progressed(trialsDone: number): void {
    if (trialsDone <= this.trialsDone) return;
    this.trialsDone = trialsDone;
    this.exits = 0;
    this.kills = 0;
  }

  /** From now on workers may end: they are told to by the coordinator. Resolves when all have. */
  async leave(withinMs = LEAVE_MS): Promise<void> {
    this.leaving = true;
    const timer = setTimeout(() => this.kill(), withinMs);
    await Promise.all([...this.members.values()].map(({ gone }) => gone));
    clearTimeout(timer);
  }

  /** Tells the workers to let their trials end within the grace time, and to hand back the others. */
  drain(): Promise<void> {
    this.signal('SIGTERM');
    return this.leave(this.options.graceS * 1000 + LEAVE_MS);
  }

  /** Ends the workers at once. */
  kill(): void {
    this.leaving = true;
    this.signal('SIGKILL');
  }

  private signal(signal: NodeJS.Signals): void {
    for (const member of this.members.values()) member.process.kill(signal);
  }

  private start(worker: number): void {
    const { mainFile, env } = this.options;
    const child = fork(mainFile, this.arguments(), {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Loaders and debuggers of this process are not theirs.
      execArgv: [],
      env,
    });
    const lines: string[] = [];
    let resolveGone: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (resolveGone = resolve));
    const member: Member = { process: child, gone };
    this.members.set(worker, member);
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      // A process that could not be started has an error, and then, but not always, a close.
      if (this.members.get(worker) !== member) return;
      this.members.delete(worker);
      resolveGone();
      this.ended(worker, child.pid, lines, code, signal);
    };
    child.once('error', (error) => {
      lines.push(error.message);
      if (child.pid === undefined) end(null, null);
    });
    child.once('close', end);
    readLines(child, (line) => {
      lines.push(line);
      if (lines.length > LAST_WORDS_LINES) lines.shift();
      this.options.onLine(worker, line);
    });
  }

  private arguments(): string[] {
    const { address, threads, sideBySide, graceS, kernel, dataDir, verbose } = this.options;
    return [
      'worker',
      '--coordinator',
      address,
      '--threads',
      String(threads),
      '--side-by-side',
      String(sideBySide),
      '--grace',
      String(graceS),
      ...(kernel === undefined ? [] : ['--kernel', kernel]),
      ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
      ...(verbose ? ['--verbose'] : ['--quiet']),
    ];
  }

  private ended(
    worker: number,
    pid: number | undefined,
    lines: string[],
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    if (pid !== undefined) this.options.onEnded(pid);
    if (this.leaving) return;
    const exited = code === null ? 'could not be started' : `ended with exit code ${code}`;
    const how = signal === null ? exited : `was killed by ${signal}`;
    if (signal === null && code !== 0) this.exits++;
    else this.kills++;
    if (this.exits >= MAX_EXITS || this.kills >= MAX_KILLS) {
      this.leaving = true;
      this.giveUp(new WorkersLost(this.exits + this.kills, how, lines));
      return;
    }
    this.options.onReplaced(worker, how);
    this.start(worker);
  }
}

function readLines({ stderr }: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  stderr?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
