import type { Effects, GrantedLease, MessageToWorker, RevocationReason } from '../../coordinator/schedule/effects.js';
import type { AttemptReport, ScheduleEvent, SessionId } from '../../coordinator/schedule/events.js';
import { Schedule } from '../../coordinator/schedule/schedule.js';
import type { NewSearch, SearchRecord, TrialRecord } from '../../coordinator/store/records.js';
import { SqliteStore } from '../../coordinator/store/sqlite-store.js';
import { sha256Hex } from '../../proto/canonical.js';
import { TINY_DATA, trialResults } from './search-fixtures.js';

export const LEASE_MS = 15_000;

/** What a trial's program gives: a pure function of its settings and seed. A few of them diverge. */
export function resultOf(
  lease: Pick<GrantedLease, 'configJson' | 'seed'>,
): Extract<AttemptReport, { results: unknown }> {
  const hash = Number.parseInt(sha256Hex(`${lease.configJson}:${lease.seed}`).slice(0, 8), 16);
  const score = (hash % 1000) / 1000;
  if (hash % 7 === 0) return { outcome: 'diverged', results: trialResults(NaN) };
  return { outcome: 'completed', results: trialResults(score) };
}

/** A worker process as the schedule sees it, played by a test. */
export class VirtualWorker {
  session: SessionId | undefined;
  /** Leases it holds: running, or reported and not acknowledged. */
  readonly held = new Map<string, { lease: GrantedLease; report: AttemptReport | undefined }>();
  readonly acknowledged: string[] = [];
  readonly revoked: { token: string; reason: RevocationReason }[] = [];
  renewed: readonly string[] = [];

  constructor(
    readonly name: string,
    readonly threads = 1,
    readonly datasets: ReadonlySet<string> = new Set([TINY_DATA.sha256]),
    /** Trials that a thread runs side by side, and bytes of their weights, at most. */
    readonly width: { sideBySide: number; sideBySideBytes: number } = { sideBySide: 1, sideBySideBytes: 0 },
  ) {}

  get running(): GrantedLease[] {
    return [...this.held.values()].filter(({ report }) => report === undefined).map(({ lease }) => lease);
  }

  /** What its threads run: leases that share one, together. */
  get busy(): GrantedLease[][] {
    const threads = new Map<string, GrantedLease[]>();
    for (const lease of this.running) {
      const thread = lease.beside === '' ? lease.token : lease.beside;
      threads.set(thread, [...(threads.get(thread) ?? []), lease]);
    }
    return [...threads.values()];
  }

  get free(): number {
    return Math.max(0, this.threads - this.busy.length);
  }

  take(message: MessageToWorker): void {
    if (message.kind === 'grant') {
      for (const lease of message.leases) this.held.set(lease.token, { lease, report: undefined });
    } else if (message.kind === 'acknowledged') {
      this.acknowledged.push(...message.tokens);
      for (const token of message.tokens) this.held.delete(token);
    } else if (message.kind === 'revoked') {
      this.revoked.push(...message.tokens.map((token) => ({ token, reason: message.reason })));
      for (const token of message.tokens) this.held.delete(token);
    } else if (message.kind === 'renewed') {
      this.renewed = message.tokens;
    }
  }
}

/** A schedule, its store in memory, workers and time, all in a test's hand. What is stored is stored at once. */
export class ScheduleWorld {
  readonly store = SqliteStore.open(':memory:');
  schedule!: Schedule;
  nowMs = 1_000;
  /** Of the last event. */
  effects!: Effects;
  private sessions = 0;
  private tokens = 0;
  readonly workers: VirtualWorker[] = [];

  constructor(readonly leaseMs = LEASE_MS) {
    this.restart();
  }

  /** Kills the coordinator and starts it again: what was not stored is gone, and so are all streams. */
  restart(): void {
    for (const worker of this.workers) worker.session = undefined;
    this.schedule = new Schedule(this.leaseMs, {
      newToken: () => `t${++this.tokens}`,
      attemptEnd: (token) => this.store.attemptEnd(token),
    });
    const searches = this.store.runningSearches().map((id) => this.search(id));
    this.event({ kind: 'recovered', searches });
  }

  /** @param deliver false when what is sent gets lost on the way */
  event(event: ScheduleEvent, deliver = true): Effects {
    const effects = this.schedule.handle(event, this.nowMs);
    this.store.commit(effects.writes, this.nowMs);
    this.effects = effects;
    if (!deliver) return effects;
    for (const { session, message } of [...effects.atOnce, ...effects.messages]) {
      this.workers.find((worker) => worker.session === session)?.take(message);
    }
    return effects;
  }

  submit(search: NewSearch): void {
    this.store.createSearch(search, this.nowMs);
    this.event({ kind: 'submitted', search });
  }

  /** A worker's Hello and what follows it, as worker/session does them. */
  connect(worker: VirtualWorker): void {
    if (!this.workers.includes(worker)) this.workers.push(worker);
    const session = ++this.sessions;
    worker.session = session;
    const { name, threads, datasets } = worker;
    const heldTokens = [...worker.held.keys()];
    this.event({
      kind: 'hello',
      session,
      introduction: { worker: name, threads, kernel: 'wasm', datasets, heldTokens, ...worker.width },
    });
    for (const { lease, report } of worker.held.values())
      if (report !== undefined) this.result(worker, lease.token, report);
    this.demand(worker);
  }

  /** A new worker that has joined. */
  join(name: string, threads = 1, datasets?: ReadonlySet<string>, width?: VirtualWorker['width']): VirtualWorker {
    const worker = new VirtualWorker(name, threads, datasets, width);
    this.connect(worker);
    return worker;
  }

  demand(worker: VirtualWorker): void {
    if (worker.session !== undefined) this.event({ kind: 'demand', session: worker.session, free: worker.free });
  }

  drop(worker: VirtualWorker): void {
    const { session } = worker;
    worker.session = undefined;
    if (session !== undefined) this.event({ kind: 'stream-lost', session });
  }

  /** The process dies. */
  kill(worker: VirtualWorker): void {
    this.drop(worker);
    this.workers.splice(this.workers.indexOf(worker), 1);
  }

  renew(worker: VirtualWorker): void {
    if (worker.session === undefined) return;
    this.event({ kind: 'renewal', session: worker.session, tokens: [...worker.held.keys()] });
  }

  /** The trial of a lease ends with this report. */
  finish(worker: VirtualWorker, lease: GrantedLease, report: AttemptReport = resultOf(lease), deliver = true): void {
    worker.held.set(lease.token, { lease, report });
    this.result(worker, lease.token, report, deliver);
  }

  result(worker: VirtualWorker, token: string, report: AttemptReport, deliver = true): void {
    const { session, free } = worker;
    if (session !== undefined) this.event({ kind: 'result', session, token, free, report }, deliver);
  }

  /** Lets time pass, with the ticks that the schedule asks for. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (let ticks = 0; this.schedule.nextTickMs <= end; ticks++) {
      if (ticks > 10_000) throw new Error('the schedule asks for ticks without end');
      this.nowMs = Math.max(this.nowMs, this.schedule.nextTickMs);
      this.event({ kind: 'tick' });
    }
    this.nowMs = end;
  }

  search(id: string): SearchRecord {
    const record = this.store.search(id, true);
    if (record === undefined) throw new Error(`no search ${id}`);
    return record;
  }

  trials(id: string): TrialRecord[] {
    return this.search(id).rounds.flatMap(({ trials }) => trials);
  }

  trial(id: string, number: number): TrialRecord {
    const trial = this.trials(id).find((candidate) => candidate.number === number);
    if (trial === undefined) throw new Error(`search ${id} has no trial ${number}`);
    return trial;
  }

  state(id: string): string {
    return this.store.summary(id)?.state ?? 'unknown';
  }

  /** Lets every connected worker finish what it runs, until the searches have ended or `limit` trials have. */
  runToEnd(limit = 1_000): void {
    for (let ended = 0; this.store.runningSearches().length > 0; ended++) {
      if (ended > limit) throw new Error('the searches do not end');
      const worker = this.workers.find(({ session, running }) => session !== undefined && running.length > 0);
      if (worker === undefined)
        this.advance(this.leaseMs); // what others have left runs out
      else this.finish(worker, worker.running[0]!);
      for (const other of this.workers) this.demand(other);
    }
  }
}
