import type { MessagePort } from 'node:worker_threads';
import type { EpochMetrics } from '../../proto/domain.js';
import type { ErrorPayload } from '../../proto/errors.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { RecordsRegion, Region } from '../kernel/kernel.js';
import type { KernelRecipe } from '../kernel/recipe.js';
import type { DividedConfig, OneThreadConfig } from '../../proto/trainers/index.js';
import type { Normalisation, TrialEnd } from '../trainers/trainer.js';
import type { WeightsPolicy } from '../train/weights-policy.js';

/*
 * Exactly what crosses the boundary between a node's main thread and its trial threads. Records, weights and activations
 * never cross: they lie in the node's shared memory, and tasks name their regions.
 */

/** Given to a thread once, when it starts. */
export interface ThreadSetup {
  /** The node's shared memory; the main thread alone allocates in it. */
  memory: WebAssembly.Memory;
  /** The kernel that the main thread has chosen. */
  kernel: KernelRecipe;
}

/** Functions that the thread file exports, by what they take and give. Failures travel as values, see TaskAnswer. */
export interface ThreadTasks {
  /** Opens the kernel, so that a thread which cannot is noticed before it is given a trial. */
  warmUp: (task: null) => Promise<TaskAnswer<null>>;
  normalisation: (task: NormalisationTask) => Promise<TaskAnswer<Normalisation>>;
  /** Each trial's end has arrived at the port before the answer is given. */
  runTrials: (task: TrialsTask) => Promise<TaskAnswer<null>>;
  /** One step of a divided trial; the last step's end has arrived at the port before the answer is given. */
  runStep: (task: StepTask) => Promise<TaskAnswer<null>>;
}

/**
 * Errors lose their class between threads, so a task that fails answers with the payload; a task whose promise is
 * rejected has lost its thread.
 */
export type TaskAnswer<Value> = { ok: true; value: Value } | { ok: false; error: ErrorPayload };

/** Statistics of the first `count` records. */
interface NormalisationTask {
  records: RecordsRegion;
  count: number;
}

/** Trials to run side by side. */
interface TrialsTask {
  trials: TaskTrial[];
  dataset: LoadedDataset;
  normalisation: Normalisation;
  workspace: Region;
  /** Where what happens goes while the trials run; transferred. */
  progress: MessagePort;
}

export interface TaskTrial {
  config: OneThreadConfig;
  seed: number;
  specSha256: string;
  weights: WeightsPolicy;
  /** Shared; its one element turns to CANCELLED. A busy thread reads no messages, but it reads this. */
  cancel: Int32Array;
}

/** A step of a divided trial. */
export interface StepTask {
  step: Step;
  config: DividedConfig;
  seed: number;
  specSha256: string;
  dataset: LoadedDataset;
  normalisation: Normalisation;
  /** The trial's. */
  state: Region;
  /** Shared, as TaskTrial's; it turns to ABANDONED when another of its parts went wrong. */
  cancel: Int32Array;
}

type Step =
  | { kind: 'prepare'; workspace: Region }
  | { kind: 'part'; part: number; workspace: Region }
  /** `end` is where the trial's end goes; transferred. */
  | { kind: 'finish'; weights: WeightsPolicy; end: MessagePort };

/** Somebody wants the trial to end. */
export const CANCELLED = 1;
/** The trial cannot end well any more. */
export const ABANDONED = 2;

/** What arrives at the progress port: of the task's trial of this index, from 0. */
export type TrialReport = { trial: number } & (
  { kind: 'epoch'; epoch: EpochMetrics; epochsTotal: number } | { kind: 'end'; end: TrialEnd }
);
