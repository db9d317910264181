import type { Command } from 'commander';
import type { DatasetInfo } from './datasets.js';
import type { EpochMetrics, Metrics } from './domain.js';
import type { VernierError } from './errors.js';

/** A trial to train again on this machine, outside any search's bookkeeping. */
export interface RetrainTrial {
  /** The trial's resolved settings as canonical JSON (a lease's config_json). */
  configJson: string;
  /** Training seed. */
  seed: number;
  datasetSha256: string;
  /** Stands in the weights file's metadata. */
  specSha256: string;
}

/** Where and how trials are trained again. */
export interface RetrainOptions {
  /** Numerical backend; the default one when absent. */
  kernel?: string;
  /** Folder of the data sets; VERNIER_DATA_DIR or the user's own when absent. */
  dataDir?: string;
  /** The kernel that should run here does not, and another is used: why, in one sentence. */
  onKernelFallback?: (reason: string) => void;
}

export interface RetrainRequest extends RetrainTrial, RetrainOptions {
  onEpoch?: (epoch: EpochMetrics, epochsTotal: number) => void;
  /** Of a trial that is divided: so many of its parts are done. */
  onPart?: (done: number, parts: number) => void;
}

/** What a trial gave. */
interface RetrainedTrial {
  outcome: 'completed' | 'diverged';
  epochs: EpochMetrics[];
  metrics: Metrics;
  weightsSha256: string;
}

export interface RetrainResult extends RetrainedTrial {
  /** The weights as a safetensors file. */
  weights: Uint8Array;
}

/** How one of several trials ended; `failed` is what kept it from ending. */
export type RetrainEnd = RetrainedTrial | { outcome: 'failed'; error: VernierError };

/** Trials to train again, as many at once as there are threads. */
export interface RetrainAllRequest extends RetrainOptions {
  trials: readonly RetrainTrial[];
  threads: number;
  /** An epoch of the trial at this place has finished. One that its thread had to begin anew tells its epochs anew. */
  onEpoch?: (trial: number, epoch: EpochMetrics, epochsTotal: number) => void;
  onPart?: (trial: number, done: number, parts: number) => void;
  onEnd?: (trial: number, end: RetrainEnd) => void;
}

export interface RetrainAllResult {
  /** Backend that was used, the native one with its width. */
  kernel: string;
  /** In the order of the request. */
  trials: RetrainEnd[];
}

/** A data set whose files are not all there, or not all whole. */
export interface IncompleteDataset {
  info: DatasetInfo;
  /** Which file, and how. */
  problem: string;
}

/** What main.ts, the one place that sees both sides, gives every command. */
export interface CommandContext {
  version: string;
  /** The program's own entry file (JavaScript), for starting workers as processes of their own. */
  mainFile: string;
  env: NodeJS.ProcessEnv;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Data sets complete in the data folder: `dataDir`, or VERNIER_DATA_DIR or the user's own when absent. */
  localDatasets(dataDir?: string): Promise<DatasetInfo[]>;
  /** Those of which something is there, but not all. */
  incompleteDatasets(dataDir?: string): Promise<IncompleteDataset[]>;
  retrain(request: RetrainRequest): Promise<RetrainResult>;
  retrainAll(request: RetrainAllRequest): Promise<RetrainAllResult>;
}

/** A command file exports one of these; main.ts imports the file when the command is called. */
export type CommandFactory = (context: CommandContext) => Command;
