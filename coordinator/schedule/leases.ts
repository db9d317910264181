import type { AttemptProgress, SessionId } from './events.js';
import type { RunningSearch } from './running-search.js';
import type { Trial } from './trial.js';

/** The right to run one attempt, while it lives. */
export interface Lease {
  readonly token: string;
  readonly search: RunningSearch;
  readonly trial: Trial;
  /** From 1 within the trial. */
  readonly attempt: number;
  /**
   * The token of the first of the leases that were given its thread, perhaps its own; unknown of one from before the
   * coordinator's start.
   */
  readonly thread: string | undefined;
  readonly worker: string;
  /** The stream its worker is reached by; absent while there is none. */
  session: SessionId | undefined;
  /** Monotonic; the lease is over when this instant has come. */
  expiresAtMs: number;
  /** False once its worker has held another lease beside it. */
  alone: boolean;
  /** As far as the worker has told. */
  progress: AttemptProgress;
}

/** The leases that live. */
export class LeaseTable {
  private readonly byToken = new Map<string, Lease>();
  private readonly byWorker = new Map<string, Set<Lease>>();
  /** No lease runs out before; it may be too early, because renewals do not raise it. */
  private soonestMs = Infinity;

  add(lease: Lease): void {
    const others = this.byWorker.get(lease.worker) ?? new Set();
    for (const other of others) other.alone = false;
    if (others.size > 0) lease.alone = false;
    others.add(lease);
    this.byWorker.set(lease.worker, others);
    this.byToken.set(lease.token, lease);
    this.soonestMs = Math.min(this.soonestMs, lease.expiresAtMs);
  }

  remove(token: string): void {
    const lease = this.byToken.get(token);
    if (lease === undefined) return;
    this.byToken.delete(token);
    const others = this.byWorker.get(lease.worker);
    others?.delete(lease);
    if (others?.size === 0) this.byWorker.delete(lease.worker);
  }

  /** The live lease of this token, if this worker holds it. */
  of(worker: string, token: string): Lease | undefined {
    const lease = this.byToken.get(token);
    return lease?.worker === worker ? lease : undefined;
  }

  ofWorker(worker: string): readonly Lease[] {
    return [...(this.byWorker.get(worker) ?? [])];
  }

  ofSearch(search: RunningSearch): Lease[] {
    return this.all().filter((lease) => lease.search === search);
  }

  /** In the order they were granted. */
  all(): Lease[] {
    return [...this.byToken.values()];
  }

  renewAll(expiresAtMs: number): void {
    for (const lease of this.byToken.values()) lease.expiresAtMs = expiresAtMs;
    this.soonestMs = this.byToken.size === 0 ? Infinity : expiresAtMs;
  }

  /** Leases that are over: those whose instant has come. */
  due(nowMs: number): Lease[] {
    if (nowMs < this.soonestMs) return [];
    const due = [...this.byToken.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    const left = [...this.byToken.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    this.soonestMs = Math.min(Infinity, ...left.map(({ expiresAtMs }) => expiresAtMs));
    return due;
  }

  /** When to look again; Infinity when nothing can run out. */
  get nextDueMs(): number {
    return this.byToken.size === 0 ? Infinity : this.soonestMs;
  }
}
