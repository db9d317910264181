import type { ErrorCode } from '../../proto/errors.js';
import { Attempts, type AttemptPorts } from './attempts.js';
import { Effects, type GrantedLease, type RevocationReason } from './effects.js';
import {
  isFromWorker,
  type AttemptProgress,
  type AttemptReport,
  type CoordinatorEvent,
  type ScheduleEvent,
  type SessionId,
  type WorkerEvent,
  type WorkerIntroduction,
} from './events.js';
import { mostFree, nextTrial } from './grants.js';
import type { Lease } from './leases.js';
import { isComputable, obstacle, OTHERS_TURN, type Obstacle } from './obstacle.js';
import type { RunningSearch } from './running-search.js';
import { FairShares } from './fair-shares.js';
import { WorkerTable, type ConnectedWorker } from './workers.js';
import { datasetOf } from './trial.js';

export interface RunningAttempt extends AttemptProgress {
  trial: number;
  attempt: number;
  worker: string;
  /** The first of the trials that share its thread, perhaps itself; 0 where that is not known. */
  beside: number;
}

/** Codes of failures that are the worker's own: they say nothing of the trial, and use up none of its tries. */
const WORKERS_OWN: readonly ErrorCode[] = [
  'DATASET_MISSING',
  'DATASET_CORRUPT',
  'DATASET_MISMATCH',
  'DATASET_BUSY',
  'DATA_FOLDER_UNUSABLE',
];

/**
 * When things happen: which trial runs where, until when, and what follows from its end.
 *
 * A state machine: `handle` takes what happened and the time, changes the state, and returns what is to be stored and sent. It
 * reads no clock and does nothing itself, so that any history can be played to it. Its state is that of the store plus
 * who is connected: after a crash the stored part is read back (`recovered`), and workers come again.
 *
 * Whoever writes with the token of a lease that does not live is told that it is revoked, and nothing is changed; a result
 * that was stored before is acknowledged once more.
 */
export class Schedule {
  private readonly workers = new WorkerTable();
  private readonly attempts: Attempts;
  private storeIsFull = false;
  /** The only search whose trials are granted, if so. */
  private focus: string | undefined;
  /** Threads there are to be, where somebody has told. */
  private expectedThreads = 0;

  /** @param leaseMs how long a lease lives unless it is renewed */
  constructor(leaseMs: number, ports: AttemptPorts) {
    this.attempts = new Attempts(leaseMs, ports);
  }

  /** @param nowMs monotonic time; it never goes back */
  handle(event: ScheduleEvent, nowMs: number): Effects {
    const effects = new Effects();
    if (event.kind === 'stalled') this.attempts.renewAll(nowMs);
    // Nothing could be stored of an expiry; what workers send meanwhile is answered all the same.
    if (!this.storeIsFull) this.attempts.expire(nowMs, effects);
    if (isFromWorker(event)) {
      const worker = this.workers.get(event.session);
      // A stream that was superseded or never introduced itself has no say.
      if (worker !== undefined) this.fromWorker(worker, event, nowMs, effects);
    } else {
      this.apply(event, nowMs, effects);
    }
    this.grant(nowMs, effects);
    return effects;
  }

  /** When to send a tick at the latest, unless something else happens; Infinity for never. */
  get nextTickMs(): number {
    return this.attempts.leases.nextDueMs;
  }

  /** What a running search waits for that somebody has to see to. */
  obstacle(id: string): Obstacle | undefined {
    const search = this.attempts.search(id);
    if (search === undefined) return undefined;
    if (!this.isFocused(search)) return OTHERS_TURN;
    return obstacle(search, this.workers.all(), this.storeIsFull);
  }

  /** A search's attempts under way, in trial order. */
  running(id: string): RunningAttempt[] {
    const search = this.attempts.search(id);
    if (search === undefined) return [];
    const leases = this.attempts.leases.ofSearch(search).toSorted((a, b) => a.trial.number - b.trial.number);
    const firsts = new Map<string | undefined, number>([[undefined, 0]]);
    for (const { thread, trial } of leases) if (!firsts.has(thread)) firsts.set(thread, trial.number);
    return leases.map(({ trial, attempt, worker, thread, progress }) => {
      return { trial: trial.number, attempt, worker, beside: firsts.get(thread) ?? 0, ...progress };
    });
  }

  get connected(): { workers: number; threads: number } {
    const workers = this.workers.all();
    return { workers: workers.length, threads: workers.reduce((sum, { threads }) => sum + threads, 0) };
  }

  private apply(event: CoordinatorEvent, nowMs: number, effects: Effects): void {
    switch (event.kind) {
      case 'recovered':
        for (const record of event.searches) this.attempts.recover(record, nowMs, effects);
        return;
      case 'submitted':
        return this.attempts.submit(event.search, effects);
      case 'cancel':
        return this.attempts.cancel(event.search, effects);
      case 'focus':
        this.focus = event.search;
        return;
      case 'expect':
        this.expectedThreads = event.threads;
        return;
      case 'workers-gone':
        return this.goneForGood(event.namesBegin, effects);
      case 'hello':
        return this.hello(event.session, event.introduction, nowMs, effects);
      case 'store-full':
        this.storeIsFull = true;
        effects.workersChanged = true;
        return;
      case 'store-writable':
        // What was granted last has only now reached its workers, and nothing could expire: as after a restart.
        this.storeIsFull = false;
        this.attempts.renewAll(nowMs);
        effects.workersChanged = true;
        return;
      case 'tick':
      case 'stalled':
        return;
    }
  }

  private fromWorker(worker: ConnectedWorker, event: WorkerEvent, nowMs: number, effects: Effects): void {
    const { leases } = this.attempts;
    switch (event.kind) {
      case 'demand':
        worker.free = Math.min(event.free, worker.threads);
        return;
      case 'renewal': {
        const tokens = this.attempts.renew(worker.name, event.tokens, nowMs);
        effects.atOnce.push({ session: worker.session, message: { kind: 'renewed', tokens } });
        return this.revokeDead(worker, event.tokens, effects);
      }
      case 'progress':
        for (const { token, ...progress } of event.trials) {
          const lease = leases.of(worker.name, token);
          if (lease === undefined) continue; // it is told at its next renewal
          lease.progress = progress;
          effects.changed.add(lease.search.id);
        }
        return;
      case 'result':
        this.result(worker, event.token, event.report, effects);
        worker.free = Math.min(event.free, worker.threads);
        return;
      case 'release':
        for (const token of event.tokens) {
          const lease = leases.of(worker.name, token);
          if (lease !== undefined) this.attempts.giveUp(lease, 'drained', '', effects);
        }
        return;
      case 'goodbye':
        for (const lease of leases.ofWorker(worker.name)) this.attempts.giveUp(lease, 'drained', '', effects);
        return this.gone(worker, effects);
      case 'stream-lost':
        for (const lease of leases.ofWorker(worker.name)) lease.session = undefined;
        return this.gone(worker, effects);
    }
  }

  private hello(session: SessionId, introduction: WorkerIntroduction, nowMs: number, effects: Effects): void {
    const { worker, superseded } = this.workers.add(session, introduction);
    if (superseded !== undefined) effects.superseded.push(superseded);
    effects.atOnce.push({ session, message: { kind: 'welcome' } });
    effects.notes.push(`worker ${worker.name} has come: ${worker.threads} threads, kernel ${worker.kernel}`);
    effects.workersChanged = true;
    const held = new Set(introduction.heldTokens);
    for (const lease of this.attempts.leases.ofWorker(worker.name)) {
      if (held.has(lease.token)) lease.session = session;
      // The grant was lost with its stream, or the release was.
      else this.attempts.giveUp(lease, 'drained', 'not held by its worker any more', effects);
    }
    this.attempts.renew(worker.name, introduction.heldTokens, nowMs);
    this.revokeDead(worker, introduction.heldTokens, effects);
  }

  private goneForGood(namesBegin: string, effects: Effects): void {
    // First, so that none of them is granted what they leave: their streams may not have ended yet.
    for (const worker of this.workers.all()) if (worker.name.startsWith(namesBegin)) this.gone(worker, effects);
    this.attempts.lose(({ worker }) => worker.startsWith(namesBegin), effects);
  }

  private gone(worker: ConnectedWorker, effects: Effects): void {
    this.workers.remove(worker.session);
    effects.notes.push(`worker ${worker.name} has gone`);
    effects.workersChanged = true;
  }

  /** Tells the worker which of the tokens are no longer its own. A stored result is left for it to send and be thanked. */
  private revokeDead(worker: ConnectedWorker, tokens: readonly string[], effects: Effects): void {
    const dead = new Map<RevocationReason, string[]>();
    for (const token of tokens) {
      if (this.attempts.leases.of(worker.name, token) !== undefined || this.attempts.wasReported(token)) continue;
      const reason = this.attempts.refusal(token);
      dead.set(reason, [...(dead.get(reason) ?? []), token]);
    }
    for (const [reason, of] of dead) effects.send(worker.session, { kind: 'revoked', tokens: of, reason });
  }

  private result(worker: ConnectedWorker, token: string, report: AttemptReport, effects: Effects): void {
    const lease = this.attempts.leases.of(worker.name, token);
    if (lease === undefined && !this.attempts.wasReported(token)) {
      const reason = this.attempts.refusal(token);
      effects.send(worker.session, { kind: 'revoked', tokens: [token], reason });
      return;
    }
    if (lease !== undefined) this.accept(lease, worker, report, effects);
    effects.send(worker.session, { kind: 'acknowledged', tokens: [token] });
  }

  private accept(lease: Lease, worker: ConnectedWorker, report: AttemptReport, effects: Effects): void {
    if ('results' in report) return this.attempts.complete(lease, report.outcome, report.results, effects);
    const { outcome, errorCode } = report;
    const message = errorCode === '' ? report.message : `${report.message} [${errorCode}]`;
    const dataset = datasetOf(lease.trial.config, lease.search.datasets);
    const code = WORKERS_OWN.find((own) => own === errorCode);
    if (dataset === undefined || code === undefined) {
      return this.attempts.giveUp(lease, outcome === 'failed' ? 'failed' : 'thread crashed', message, effects);
    }
    worker.unusable.set(dataset.sha256, { code, message: report.message });
    effects.workersChanged = true;
    this.attempts.giveUp(lease, 'refused', message, effects);
  }

  /** In the order of their submission. */
  private grantable(): RunningSearch[] {
    return [...this.attempts.searches].filter((search) => this.isFocused(search) && isComputable(search));
  }

  private isFocused({ id }: RunningSearch): boolean {
    return this.focus === undefined || this.focus === id;
  }

  /** Gives free threads what there is to run. */
  private grant(nowMs: number, effects: Effects): void {
    if (this.storeIsFull) return;
    let candidates = this.workers.all();
    const searches = this.grantable();
    const shares = new FairShares(candidates, this.expectedThreads, this.attempts.leases);
    const granted = new Map<SessionId, GrantedLease[][]>();
    for (let worker = mostFree(candidates); worker !== undefined; worker = mostFree(candidates)) {
      const found = nextTrial(worker, searches, this.attempts.leases.ofWorker(worker.name));
      if (found === undefined) {
        candidates = candidates.filter((other) => other !== worker);
        continue;
      }
      const { search, trial } = found;
      const share = shares.most(search, datasetOf(trial.config, search.datasets)?.sha256);
      const most = Math.min(share, worker.sideBySide);
      const trials = search.round?.pending.together(trial, most, worker.sideBySideBytes) ?? [trial];
      worker.free--;
      const leases = this.attempts.start(worker, search, trials, nowMs, effects);
      granted.set(worker.session, [...(granted.get(worker.session) ?? []), leases]);
    }
    for (const [session, threads] of granted) {
      for (const leases of inMessages(threads)) effects.send(session, { kind: 'grant', leases });
    }
  }
}

/** Far below what a message may hold, at a kilobyte or so a lease. */
const MAX_LEASES_A_GRANT = 1000;

/** Leases that share a thread stay together. */
function inMessages(threads: readonly GrantedLease[][]): GrantedLease[][] {
  const messages: GrantedLease[][] = [];
  for (const leases of threads) {
    const last = messages.at(-1);
    if (last !== undefined && last.length + leases.length <= MAX_LEASES_A_GRANT) last.push(...leases);
    else messages.push([...leases]);
  }
  return messages;
}
