import type { DatasetInfo } from '../../proto/datasets.js';
import type { SearchSpec } from '../../proto/domain.js';
import type { Machine } from '../../proto/machine.js';
import type { SearchRecord, TrialResults } from '../store/records.js';

/** A worker's stream, as the transport counts them. A worker that comes back has another one. */
export type SessionId = number;

export interface WorkerIntroduction {
  /** Unique to its process. */
  worker: string;
  threads: number;
  kernel: string;
  /** Absent when it does not tell. */
  machine?: Machine | undefined;
  /** Trials that one of its threads runs side by side at most. */
  sideBySide: number;
  /** Bytes of their weights at most; 0 for no limit. */
  sideBySideBytes: number;
  /** Identities (sha256) of the data sets complete on its node. */
  datasets: ReadonlySet<string>;
  /** Leases it still holds after a lost stream. */
  heldTokens: readonly string[];
}

/** How far an attempt is. */
export interface AttemptProgress {
  /** Finished; 0 before the worker has told. */
  epoch: number;
  /** In all. */
  epochs: number;
  /** Both count parts: the trial is divided. */
  inParts?: boolean;
}

/** How a worker says that an attempt ended. */
export type AttemptReport =
  | { outcome: 'completed' | 'diverged'; results: TrialResults }
  | { outcome: 'failed' | 'crashed'; message: string; errorCode: string };

export interface SubmittedSearch {
  id: string;
  spec: SearchSpec;
  specSha256: string;
  datasets: readonly DatasetInfo[];
  numericsVersion: string;
}

/** What a worker says over a stream that has introduced it, and the end of that stream. */
export type WorkerEvent =
  | { kind: 'demand'; session: SessionId; free: number }
  | { kind: 'renewal'; session: SessionId; tokens: readonly string[] }
  | { kind: 'progress'; session: SessionId; trials: readonly ({ token: string } & AttemptProgress)[] }
  | { kind: 'result'; session: SessionId; token: string; free: number; report: AttemptReport }
  | { kind: 'release'; session: SessionId; tokens: readonly string[] }
  /** The worker leaves in order. */
  | { kind: 'goodbye'; session: SessionId }
  /** The worker may come back. */
  | { kind: 'stream-lost'; session: SessionId };

export type CoordinatorEvent =
  /** The coordinator has started: these searches were left running, in the order of their submission. */
  | { kind: 'recovered'; searches: readonly SearchRecord[] }
  /** Stored already. */
  | { kind: 'submitted'; search: SubmittedSearch }
  | { kind: 'cancel'; search: string }
  /** From now on only this search's trials are granted: whoever runs one search does not pay for what else is unfinished. */
  | { kind: 'focus'; search: string }
  /** So many threads are about to be there: trials are shared out as if they were. */
  | { kind: 'expect'; threads: number }
  /** Workers whose names begin so have ended for good, and cannot come back. */
  | { kind: 'workers-gone'; namesBegin: string }
  | { kind: 'hello'; session: SessionId; introduction: WorkerIntroduction }
  /** Nothing but time has passed. */
  | { kind: 'tick' }
  /** This process itself did not run for a while (a suspended machine): workers' renewals may lie unread. */
  | { kind: 'stalled' }
  /** Nothing can be stored until further notice. */
  | { kind: 'store-full' }
  | { kind: 'store-writable' };

/** Everything that happens to the schedule. */
export type ScheduleEvent = CoordinatorEvent | WorkerEvent;

export function isFromWorker(event: ScheduleEvent): event is WorkerEvent {
  return 'session' in event && event.kind !== 'hello';
}
