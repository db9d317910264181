import type { VernierError } from '../../proto/errors.js';
import type { SessionStream } from './stream.js';

/**
 * A worker's life with its coordinator.
 *
 *     connecting --Welcome--> registered --stream lost--> connecting --> ...
 *     connecting, registered --drain()--> draining, which keeps its link, lost and restored as before
 *     any --Shutdown | refused | given up | everything handed back--> closed
 *
 * Losing the stream ends no trial: leases live by their expiry, and a cut-off worker has nothing better to do than to go
 * on. It tells the tokens it still holds when it is back, and the coordinator revokes those it gave to others meanwhile.
 */
export type SessionState =
  | Link
  /** Takes no more trials. Running ones may end until the grace time is over, then they are handed back. */
  | { kind: 'draining'; link: Link }
  | { kind: 'closed'; end: SessionEnd };

export type Link =
  /** `stream` is absent while it waits for its next attempt. */
  | { kind: 'connecting'; outage: Outage; stream?: SessionStream }
  | { kind: 'registered'; stream: SessionStream; terms: LeaseTerms };

/** Since when there has been no stream, and how often it was tried. */
export interface Outage {
  sinceMs: number;
  /** Attempts that failed one after the other. */
  failures: number;
  /** False until the first Welcome. */
  wasRegistered: boolean;
}

/** What the coordinator's Welcome lays down. */
interface LeaseTerms {
  leaseMs: number;
  renewMs: number;
}

export type SessionEnd =
  /** The coordinator has gone for good, or everything was handed back. */
  | { reason: 'shutdown' | 'drained' }
  /** The coordinator did not take this worker, or could not be reached for too long. */
  | { reason: 'refused' | 'unreachable'; error: VernierError };
