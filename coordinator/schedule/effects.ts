import type { StoreWrite } from '../store/records.js';
import type { SessionId } from './events.js';
import type { WeightsPolicy } from './weights.js';

/** A lease as its worker is told. */
export interface GrantedLease {
  token: string;
  search: string;
  trial: number;
  attempt: number;
  /** Canonical JSON. */
  configJson: string;
  /** Training seed. */
  seed: number;
  /** Empty when the trial uses no data set. */
  datasetSha256: string;
  specSha256: string;
  /** Leases that share a thread have the same text here; empty for one with a thread of its own. */
  beside: string;
  weights: WeightsPolicy;
}

export type RevocationReason = 'cancelled' | 'lease ended' | 'unknown lease';

export type MessageToWorker =
  | { kind: 'welcome' }
  | { kind: 'grant'; leases: GrantedLease[] }
  | { kind: 'renewed'; tokens: readonly string[] }
  | { kind: 'acknowledged'; tokens: readonly string[] }
  | { kind: 'revoked'; tokens: readonly string[]; reason: RevocationReason };

export interface OutgoingMessage {
  session: SessionId;
  message: MessageToWorker;
}

/** What follows from an event. */
export class Effects {
  /** To be committed together, in order. */
  readonly writes: StoreWrite[] = [];
  /** To be sent once the writes are durable, in order; never before, and not at all if they are lost. */
  readonly messages: OutgoingMessage[] = [];
  /** Signs of life: sent at once, also while nothing can be stored. */
  readonly atOnce: OutgoingMessage[] = [];
  /** Streams whose worker has a newer one. */
  readonly superseded: SessionId[] = [];
  /** Searches of which there is something new to see. */
  readonly changed = new Set<string>();
  /** Whether workers have come or gone, or a search's prospects may be others now. */
  workersChanged = false;
  /** For the coordinator's log. */
  readonly notes: string[] = [];

  send(session: SessionId | undefined, message: MessageToWorker): void {
    if (session !== undefined) this.messages.push({ session, message });
  }
}
