import type { DatasetInfo } from '../../proto/datasets.js';
import type { EpochMetrics, Metrics } from '../../proto/domain.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { Kernel, NetworkShape, Region } from '../kernel/kernel.js';
import type { WeightsPolicy } from '../train/weights-policy.js';

/** Mean and deviation of each input over the trial's own training records, in units of a byte. */
export interface Normalisation {
  mean: Float64Array;
  deviation: Float64Array;
}

/** One trial of those that a thread runs side by side. */
export interface TrialInput<Config> {
  config: Config;
  /** Training seed. */
  seed: number;
  /** Stands in the weights file. */
  specSha256: string;
  weights: WeightsPolicy;
  cancelled: () => boolean;
  onEpoch: (epoch: EpochMetrics, epochsTotal: number) => void;
  /** Once, when this trial has ended; the others may go on. */
  onEnd: (end: TrialEnd) => void;
}

/** What a thread needs to run trials side by side. */
export interface RunInput<Config> {
  /** At least one; all of one key (proto/trainers/side-by-side.ts). */
  trials: readonly TrialInput<Config>[];
  dataset: LoadedDataset;
  /** Of the first `trainRecords` records that `needs` named. */
  normalisation: Normalisation;
  kernel: Kernel;
  /** The node's, in which the records, the workspace and the kernel's buffers lie. */
  memory: WebAssembly.Memory;
  /** Exclusively these trials', of workspaceBytes (worker/trainers/workspace.ts) bytes at least. */
  workspace: Region;
}

export interface TrialFinished {
  outcome: 'completed' | 'diverged';
  epochs: EpochMetrics[];
  metrics: Metrics;
  /** Over the logical row-major little-endian weights, see worker/train/weights.ts. */
  weightsSha256: string;
  /** The weights as a safetensors file, where the policy wanted them. */
  weights?: Uint8Array<ArrayBuffer>;
}

export type TrialEnd = TrialFinished | { outcome: 'cancelled' };

/** What a trial needs of its thread and its data. */
export interface TrialNeeds {
  shape: NetworkShape;
  /** The first so many training records give the normalisation. */
  trainRecords: number;
  /** Bytes of the workspace besides its network's, which trials side by side share. */
  sharedBytes?: number;
}

/** One kind of trial, of those that run in one thread. Everything here is a pure function of its arguments and the memory they name. */
export interface Trainer<Config> {
  /**
   * Checks a trial against its data before a thread is given it.
   *
   * @throws VernierError TRIAL_INVALID
   */
  needs(config: Config, dataset: DatasetInfo): TrialNeeds;
  /** Runs all of them to their ends without yielding to the event loop. Each gives the bits that it gives alone. */
  run(input: RunInput<Config>): void;
}

/** A trial that is divided, as each of its steps is given it. */
export interface DividedInput<Config> {
  config: Config;
  /** Training seed. */
  seed: number;
  /** Stands in the weights file. */
  specSha256: string;
  dataset: LoadedDataset;
  /** Of the first `trainRecords` records that `needs` named. */
  normalisation: Normalisation;
  /** The node's, in which the regions lie. */
  memory: WebAssembly.Memory;
  /** The trial's own: what its steps leave each other. */
  state: Region;
}

/** What a step works with. */
export interface StepRoom {
  kernel: Kernel;
  /** Exclusively this step's, at least kernel.workspaceBytes of the shapes that `needs` named for it. */
  workspace: Region;
}

export interface DividedNeeds {
  trainRecords: number;
  /** What its steps leave each other. */
  stateBytes: number;
  /** How many parts it has: a function of the trial alone. */
  parts: number;
  /** Networks that `prepare` and `runPart` open. */
  shapes: { prepare: readonly NetworkShape[]; part: readonly NetworkShape[] };
}

/**
 * One kind of trial, of those whose work is divided into parts. First `prepare`, then the parts, in any order, any of them at the
 * same time and in any threads of one node, last `finish`. What comes out is the same whatever the order.
 */
export interface DividedTrainer<Config> {
  /**
   * Checks a trial against its data before a thread is given any of it.
   *
   * @throws VernierError TRIAL_INVALID
   */
  needs(config: Config, dataset: DatasetInfo): DividedNeeds;
  prepare(input: DividedInput<Config>, room: StepRoom): void;
  /** @param stopped asked often: the trial is over, and so may be this part, wherever it is */
  runPart(input: DividedInput<Config>, room: StepRoom, part: number, stopped: () => boolean): void;
  /** @param weights when the trial's file is wanted */
  finish(input: DividedInput<Config>, weights: WeightsPolicy): TrialFinished;
}
