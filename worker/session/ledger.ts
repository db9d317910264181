import type { TrialResult } from '../../proto/generated/vernier/v1/TrialResult.js';

/**
 * One lease as the worker sees it.
 *
 *     running --finished--> uploading --uploaded--> reported --Acknowledged--> gone
 *     running --revoked or handed back--> stopping --its trial has stopped--> gone
 */
type Entry =
  | { kind: 'running'; thread: Thread }
  | { kind: 'uploading' }
  | { kind: 'reported'; result: TrialResult }
  /** No longer the worker's, but its thread is still busy. */
  | { kind: 'stopping'; thread: Thread };

/** Counts what threads were given: leases granted together share one. */
type Thread = number;

/** What a worker holds: leases, and results until the coordinator has them. Pure bookkeeping. */
export class LeaseLedger {
  private readonly entries = new Map<string, Entry>();
  private threadsGiven = 0;

  constructor(private readonly threads: number) {}

  /** Leases whose trials share a thread. Gives those that are new: a repeated grant changes nothing. */
  grant(tokens: readonly string[]): string[] {
    const unknown = tokens.filter((token) => !this.entries.has(token));
    this.threadsGiven++;
    for (const token of unknown) this.entries.set(token, { kind: 'running', thread: this.threadsGiven });
    return unknown;
  }

  /** The trial has ended. True when its result is still wanted, false when the lease was lost meanwhile. */
  finished(token: string): boolean {
    if (this.entries.get(token)?.kind === 'running') {
      this.entries.set(token, { kind: 'uploading' });
      return true;
    }
    this.entries.delete(token);
    return false;
  }

  /** Keeps a result until it is acknowledged. False when the lease was lost meanwhile. */
  report(token: string, result: TrialResult): boolean {
    if (!this.entries.has(token)) return false;
    this.entries.set(token, { kind: 'reported', result });
    return true;
  }

  acknowledge(token: string): void {
    if (this.entries.get(token)?.kind === 'reported') this.entries.delete(token);
  }

  /** The lease is no longer the worker's. True when its trial runs and has to be stopped. */
  revoke(token: string): boolean {
    const entry = this.entries.get(token);
    if (entry?.kind === 'running') {
      this.entries.set(token, { kind: 'stopping', thread: entry.thread });
      return true;
    }
    if (entry?.kind !== 'stopping') this.entries.delete(token);
    return false;
  }

  /** Tokens that are the worker's: running, uploading, or reported and not acknowledged. */
  get held(): string[] {
    return [...this.entries].filter(([, { kind }]) => kind !== 'stopping').map(([token]) => token);
  }

  get running(): string[] {
    return [...this.entries].filter(([, { kind }]) => kind === 'running').map(([token]) => token);
  }

  /** Results to send again after a lost stream. */
  get unacknowledged(): TrialResult[] {
    return [...this.entries.values()].flatMap((entry) => (entry.kind === 'reported' ? [entry.result] : []));
  }

  /**
   * Threads with nothing to do: one is busy until all trials that share it have ended. Never below 0, although a grant may
   * cross a demand on its way.
   */
  get free(): number {
    const busy = new Set<Thread>();
    for (const entry of this.entries.values()) if ('thread' in entry) busy.add(entry.thread);
    return Math.max(0, this.threads - busy.size);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }
}
