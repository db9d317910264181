import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError, type ErrorPayload } from '../../proto/errors.js';
import { packageFile } from '../../proto/package-root.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { Kernel, KernelName } from '../kernel/kernel.js';
import type { NodeMemory } from '../kernel/memory.js';
import { kernelLabel, type KernelRecipe } from '../kernel/recipe.js';
import { trainerOf } from '../trainers/index.js';
import type { Normalisation, TrialNeeds } from '../trainers/trainer.js';
import { workspaceBytes } from '../trainers/workspace.js';
import { NodeData, type DatasetLoader } from './node-data.js';
import { DividedTrials } from './divided-trials.js';
import {
  PoolTrial,
  readTrials,
  type ReadTrial,
  type RunningTrial,
  type TrialRequest,
  type TrialStart,
} from './pool-trial.js';
import { Slots } from './slots.js';
import type { TaskAnswer, TaskTrial, ThreadSetup, ThreadTasks, TrialReport } from './task.js';

/** A thread's own heap holds settings and metrics; records and weights lie in shared memory and do not count here. */
const THREAD_HEAP_MB = 256;

export interface TrialPoolOptions {
  threads: number;
  /** The kernel of `memory`, as the main thread opened it. */
  kernel: Kernel;
  /** What the threads open it by. */
  recipe: KernelRecipe;
  memory: NodeMemory;
  loadDataset: DatasetLoader;
  /** The threads' file: built JavaScript that exports ThreadTasks. */
  threadFile?: string;
  /** A thread that died while it had nothing to do. */
  onIdleThreadLost?: (error: Error) => void;
}

/** What the trials of a group share, and the group's task needs. */
interface GroupData {
  dataset: LoadedDataset;
  normalisation: Normalisation;
}

/** A trial that its data fit. */
type ReadyTrial = ReadTrial & TrialNeeds;

/**
 * The trial threads of one node over its one shared memory. A thread runs trials side by side; whatever goes wrong with
 * several of them, those that have not ended are begun anew in smaller groups, so that a failure or a crash is always told of
 * a trial that ran alone.
 */
export class TrialPool {
  private readonly piscina: Piscina;
  private readonly slots: Slots;
  private readonly data: NodeData;
  private readonly divided: DividedTrials;
  private readonly running = new Set<PoolTrial>();

  private constructor(private readonly options: TrialPoolOptions) {
    const { recipe, memory, threads } = options;
    const setup: ThreadSetup = { memory: memory.memory, kernel: recipe };
    this.piscina = new Piscina({
      filename: options.threadFile ?? packageFile('dist/worker/pool/thread.js'),
      workerData: setup,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      // With atomics a thread would block between tasks; trials last seconds, and waking by message costs microseconds.
      atomics: 'disabled',
      recordTiming: false,
      // The file is plain JavaScript: the loaders of whoever runs from the sources do not concern it.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
    });
    this.piscina.on('error', (error: Error) => options.onIdleThreadLost?.(error));
    this.slots = new Slots(threads);
    this.data = new NodeData(memory, options.loadDataset, (records, count) =>
      this.call('normalisation', { records, count }),
    );
    this.divided = new DividedTrials({
      threads,
      kernel: options.kernel,
      slots: this.slots,
      data: this.data,
      release: (region) => memory.release(region),
      runStep: (task, transferList) => this.call('runStep', task, transferList),
    });
  }

  /**
   * Starts the threads and opens the kernel in each.
   *
   * @throws VernierError THREAD_CRASHED when a thread does not start, KERNEL_UNAVAILABLE when its kernel does not
   */
  static async open(options: TrialPoolOptions): Promise<TrialPool> {
    const pool = new TrialPool(options);
    try {
      await Promise.all(Array.from({ length: options.threads }, () => pool.call('warmUp', null)));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  get threads(): number {
    return this.options.threads;
  }

  get kernel(): KernelName {
    return this.options.kernel.name;
  }

  /** As people read it. */
  get kernelLabel(): string {
    return kernelLabel(this.options.recipe);
  }

  /** Runs a trial as soon as a thread is free. */
  run(request: TrialRequest, onEpoch: TrialStart['onEpoch'], onPart?: TrialStart['onPart']): RunningTrial {
    const start = { request, onEpoch, ...(onPart === undefined ? {} : { onPart }) };
    return this.runTogether([start])[0] as RunningTrial;
  }

  /**
   * Runs trials in one thread, as soon as one is free: side by side where they see the same mini-batches, else one after the
   * other. Divided trials among them run in all threads that become free. Each has its own end.
   */
  runTogether(starts: readonly TrialStart[]): RunningTrial[] {
    const trials = starts.map((start) => new PoolTrial(start));
    for (const trial of trials) {
      this.running.add(trial);
      void trial.ended.then(() => this.running.delete(trial));
    }
    const { groups, divided } = readTrials(trials);
    if (groups.length > 0) void this.runInSlot(groups);
    for (const trial of divided) void this.divided.run(trial);
    return trials;
  }

  /** Cancels what runs and ends the threads. */
  async close(): Promise<void> {
    for (const trial of this.running) trial.cancel();
    await this.piscina.destroy();
    await Promise.all([...this.running].map((trial) => trial.ended));
  }

  private async runInSlot(groups: readonly (readonly ReadTrial[])[]): Promise<void> {
    await this.slots.acquire();
    try {
      for (const group of groups) await this.runGroup(group);
    } finally {
      this.slots.release();
    }
  }

  /** Runs trials of one key, and so of one data set and split, to their ends. */
  private async runGroup(group: readonly ReadTrial[]): Promise<void> {
    const live = withoutCancelled(group);
    const [first] = live;
    if (first === undefined) return;
    const { datasetSha256 } = first.trial.request;
    let held = false;
    try {
      const dataset = await this.data.hold(first.config.dataset.name, datasetSha256);
      held = true;
      const ready = live.flatMap((each) => readyTrial(each, dataset.info));
      if (ready[0] === undefined) return;
      const normalisation = await this.data.normalisation(dataset, ready[0].trainRecords);
      await this.runSideBySide(ready, { dataset, normalisation });
    } catch (error) {
      for (const { trial } of live) if (!trial.hasEnded) trial.fail(error);
    } finally {
      if (held) this.data.release(datasetSha256);
    }
  }

  private async runSideBySide(ready: readonly ReadyTrial[], data: GroupData): Promise<void> {
    const live = withoutCancelled(ready);
    if (live.length === 0) return;
    try {
      await this.runTask(live, data);
    } catch (error) {
      const left = live.filter(({ trial }) => !trial.hasEnded);
      if (live.length === 1) {
        for (const { trial } of left) trial.fail(error);
        return;
      }
      const half = Math.ceil(left.length / 2);
      await this.runSideBySide(left.slice(0, half), data);
      await this.runSideBySide(left.slice(half), data);
    }
  }

  /** @throws what ended the task before all its trials had ended */
  private async runTask(ready: readonly ReadyTrial[], data: GroupData): Promise<void> {
    const workspace = this.data.allocate(workspaceBytes(this.options.kernel, ready));
    const { port1, port2 } = new MessageChannel();
    const take = (report: TrialReport): void => {
      const trial = ready[report.trial]?.trial;
      if (report.kind === 'end') trial?.end(report.end);
      else trial?.start.onEpoch(report.epoch, report.epochsTotal);
    };
    port1.on('message', take);
    try {
      const trials = ready.map(({ config, trial: { request, cancelCell: cancel } }): TaskTrial => {
        const { seed, specSha256, weights } = request;
        return { config, seed, specSha256, weights, cancel };
      });
      await this.call('runTrials', { trials, ...data, workspace, progress: port2 }, [port2]);
    } finally {
      // The answer, or the news of the thread's death, may overtake reports that were sent before it.
      for (let left = receiveMessageOnPort(port1); left !== undefined; left = receiveMessageOnPort(port1)) {
        take(left.message as TrialReport);
      }
      port1.close();
      this.options.memory.release(workspace);
    }
    if (ready.some(({ trial }) => !trial.hasEnded)) throw new Error('a thread left a trial without its end');
  }

  /** Calls a thread's function; its failure is thrown as what it was, a dead thread as THREAD_CRASHED. */
  private async call<Name extends keyof ThreadTasks>(
    name: Name,
    task: Parameters<ThreadTasks[Name]>[0],
    transferList: Transferable[] = [],
  ): Promise<TaskValue<Name>> {
    let answer: TaskAnswer<TaskValue<Name>>;
    try {
      answer = (await this.piscina.run(task, { name, transferList })) as TaskAnswer<TaskValue<Name>>;
    } catch (cause) {
      throw threadCrashed(cause);
    }
    if (!answer.ok) throw VernierError.fromPayload(answer.error satisfies ErrorPayload);
    return answer.value;
  }
}

function withoutCancelled<T extends ReadTrial>(trials: readonly T[]): T[] {
  return trials.filter(({ trial }) => {
    if (trial.isCancelled) trial.end({ outcome: 'cancelled' });
    return !trial.isCancelled;
  });
}

/** None where the trial does not fit its data: it ends as failed. */
function readyTrial(read: ReadTrial, dataset: DatasetInfo): ReadyTrial[] {
  try {
    return [{ ...read, ...trainerOf(read.config).needs(read.config, dataset) }];
  } catch (error) {
    read.trial.fail(error);
    return [];
  }
}

type TaskValue<Name extends keyof ThreadTasks> =
  Awaited<ReturnType<ThreadTasks[Name]>> extends TaskAnswer<infer Value> ? Value : never;

type Transferable = NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['transferList']>[number];

function threadCrashed(cause: unknown): VernierError {
  const code = (cause as { code?: unknown }).code;
  const reason =
    code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `it ran out of its ${THREAD_HEAP_MB} MB of heap`
      : cause instanceof Error
        ? cause.message
        : String(cause);
  return new VernierError('THREAD_CRASHED', `a trial thread died: ${reason}`, {
    mend: 'the trial is tried again; a crash that repeats is a defect, or the machine lacks memory',
    cause,
  });
}
