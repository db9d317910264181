import type { TrialResult } from '../../proto/generated/vernier/v1/TrialResult.js';

/**
 * One lease as the worker sees it.
 *
 *     running --finished--> uploading --uploaded--> reported --Acknowledged--> gone
 *     running --revoked or handed back--> stopping --its thread is free--> gone
 */
type Entry =
  | { kind: 'running' }
  | { kind: 'uploading' }
  | { kind: 'reported'; result: TrialResult }
  /** No longer the worker's, but its thread is still busy. */
  | { kind: 'stopping' };

/** What a worker holds: leases, and results until the coordinator has them. Pure bookkeeping. */
export class LeaseLedger {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly threads: number) {}

  /** False when the lease is known already: a repeated grant changes nothing. */
  grant(token: string): boolean {
    if (this.entries.has(token)) return false;
    this.entries.set(token, { kind: 'running' });
    return true;
  }

  /** The trial's thread is free. True when its result is still wanted, false when the lease was lost meanwhile. */
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
      this.entries.set(token, { kind: 'stopping' });
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

  /** Trials that could start now; never below 0, although a grant may cross a demand on its way. */
  get free(): number {
    const busy = [...this.entries.values()].filter(({ kind }) => kind === 'running' || kind === 'stopping').length;
    return Math.max(0, this.threads - busy);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }
}
