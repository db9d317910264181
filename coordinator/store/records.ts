import type { DatasetInfo } from '../../proto/datasets.js';
import type { EndedTrialState, EpochMetrics, Interval, Metrics, SearchSpec, SearchState } from '../../proto/domain.js';
import type { Machine } from '../../proto/machine.js';
import type { PlannedTrial } from '../search/round.js';

/** What is remembered, as the schedule and the service see it. Times are Unix milliseconds. */

/**
 * How an attempt ended. `refused`: the worker could not run the trial at all, its data for instance are damaged.
 * `worker lost`, `drained` and `cancelled` are the coordinator's findings; the others came as a worker's result.
 */
export type AttemptEnd =
  'completed' | 'diverged' | 'failed' | 'thread crashed' | 'refused' | 'worker lost' | 'drained' | 'cancelled';

const REPORTED: ReadonlySet<AttemptEnd> = new Set(['completed', 'diverged', 'failed', 'thread crashed', 'refused']);

/** Whether this end is the worker's own result: told once more, it is acknowledged once more. */
export function isReported(end: AttemptEnd): boolean {
  return REPORTED.has(end);
}

export interface NewSearch {
  id: string;
  spec: SearchSpec;
  specSha256: string;
  /** The file as it was submitted. */
  specYaml: string;
  /** What its submitter called the file. */
  fileName: string;
  /** The coordinator that takes it. */
  machine: Machine;
  /** The data sets its trials use, sorted by name. */
  datasets: readonly DatasetInfo[];
  /** By which its trials compute, all of them: others would give other bits (docs/numerics.md). */
  numericsVersion: string;
  /** Planned, as far as rounds are fixed by the file. */
  trialsTotal: number;
}

export interface SearchSummary {
  id: string;
  name: string;
  seed: number;
  specSha256: string;
  state: SearchState;
  /** Why it ended as it did, or empty. */
  message: string;
  createdMs: number;
  endedMs: number | undefined;
  trialsTotal: number;
  /** Completed, diverged, failed or cancelled. */
  trialsDone: number;
}

export interface AttemptRecord {
  /** From 1 within the trial. */
  number: number;
  token: string;
  worker: string;
  /** Backend that runs it. */
  kernel: string;
  /** Its worker's; undefined when it did not tell. */
  machine: Machine | undefined;
  startedMs: number;
  endedMs: number | undefined;
  /** Absent while the lease lives. */
  end: AttemptEnd | undefined;
  message: string;
  /** Whether its worker ran no other trial in all that time. Known when it has ended. */
  alone: boolean;
}

export interface TrialRecord extends PlannedTrial {
  /** From 1, over the whole search. */
  number: number;
  /** Its round's index. */
  round: number;
  /** A trial with an attempt that has not ended is leased. */
  state: 'pending' | EndedTrialState;
  metrics: Metrics;
  weightsSha256: string;
  /** The blob that holds its weights, or empty. */
  weightsBlob: string;
  attempts: AttemptRecord[];
  /** Only where asked for. */
  epochs: EpochMetrics[];
}

export interface RoundRecord {
  index: number;
  name: string;
  method: string;
  interval: Record<string, Interval>;
  closed: boolean;
  /** In trial order. */
  trials: TrialRecord[];
}

export interface SearchRecord {
  id: string;
  spec: SearchSpec;
  specSha256: string;
  specYaml: string;
  /** Empty when it was not recorded, as the next. */
  fileName: string;
  /** Over the file's text when it was submitted. */
  fileSha256: string;
  /** Of the coordinator that took it; undefined when it was not recorded. */
  machine: Machine | undefined;
  datasets: DatasetInfo[];
  numericsVersion: string;
  /** Empty unless the search completed. */
  resultDigest: string;
  rounds: RoundRecord[];
}

/** What an attempt that counts brought. */
export interface TrialResults {
  epochs: EpochMetrics[];
  metrics: Metrics;
  weightsSha256: string;
  weightsBlob: string;
}

/** One change of what is remembered. Several are committed together, in order. */
export type StoreWrite =
  | {
      kind: 'open-round';
      search: string;
      round: Pick<RoundRecord, 'index' | 'name' | 'method' | 'interval'>;
      trials: readonly (PlannedTrial & { number: number })[];
      /** The search's planned trials, now that this round's are known. */
      trialsTotal: number;
    }
  | { kind: 'close-round'; search: string; index: number }
  | {
      kind: 'start-attempt';
      search: string;
      trial: number;
      attempt: number;
      token: string;
      worker: string;
      kernel: string;
      machine?: Machine | undefined;
    }
  /** Refused (INTERNAL) unless the attempt of this token is running: the fence behind the schedule's own. */
  | { kind: 'end-attempt'; token: string; end: AttemptEnd; message: string; alone: boolean }
  /** Refused (INTERNAL) unless the trial is pending. */
  | { kind: 'end-trial'; search: string; trial: number; state: EndedTrialState; results?: TrialResults }
  /** The trial no longer keeps its weights, the blob of this name. */
  | { kind: 'drop-weights'; search: string; trial: number; blob: string }
  /** A completed search gets its result digest, over what is stored. */
  | { kind: 'end-search'; search: string; state: Exclude<SearchState, 'running'>; message: string };
