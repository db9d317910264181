import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { EpochMetrics } from '../../proto/domain.js';
import { VernierError, type ErrorPayload } from '../../proto/errors.js';
import { packageFile } from '../../proto/package-root.js';
import type { Kernel, KernelName, Region } from '../kernel/kernel.js';
import type { NodeMemory } from '../kernel/memory.js';
import type { KernelRecipe } from '../kernel/select.js';
import { parseTrialConfig, trainerOf } from '../trainers/index.js';
import type { TrialFinished } from '../trainers/trainer.js';
import type { WeightsPolicy } from '../train/weights-policy.js';
import { NodeData, type DatasetLoader } from './node-data.js';
import { Slots } from './slots.js';
import { CANCELLED, type EpochReport, type TaskAnswer, type ThreadSetup, type ThreadTasks } from './task.js';

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

/** A trial as a lease or a retrain request names it. */
export interface TrialRequest {
  /** Settings as canonical JSON, parameters bound. */
  configJson: string;
  seed: number;
  datasetSha256: string;
  specSha256: string;
  weights: WeightsPolicy;
}

/** How a trial ended on this node. `failed` is the trial's fault, `crashed` cost its thread or lacked memory. */
export type PoolTrialEnd =
  | TrialFinished
  | { outcome: 'cancelled' }
  | { outcome: 'failed'; error: VernierError }
  | { outcome: 'crashed'; error: VernierError };

export interface RunningTrial {
  /** Never rejects. */
  ended: Promise<PoolTrialEnd>;
  /** The trial ends as cancelled at its next update step, or ends otherwise before it. */
  cancel(): void;
}

/** The trial threads of one node over its one shared memory. A thread that dies takes only its own trial with it. */
export class TrialPool {
  private readonly piscina: Piscina;
  private readonly slots: Slots;
  private readonly data: NodeData;
  private readonly running = new Set<RunningTrial>();

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

  /** Runs a trial as soon as a thread is free. */
  run(request: TrialRequest, onEpoch: (epoch: EpochMetrics, epochsTotal: number) => void): RunningTrial {
    const cancel = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const trial: RunningTrial = {
      ended: this.runInSlot(request, cancel, onEpoch).finally(() => this.running.delete(trial)),
      cancel: () => void Atomics.store(cancel, 0, CANCELLED),
    };
    this.running.add(trial);
    return trial;
  }

  /** Cancels what runs and ends the threads. */
  async close(): Promise<void> {
    for (const trial of this.running) trial.cancel();
    await this.piscina.destroy();
    await Promise.all([...this.running].map((trial) => trial.ended));
  }

  private async runInSlot(
    request: TrialRequest,
    cancel: Int32Array,
    onEpoch: (epoch: EpochMetrics, epochsTotal: number) => void,
  ): Promise<PoolTrialEnd> {
    const isCancelled = () => Atomics.load(cancel, 0) === CANCELLED;
    await this.slots.acquire();
    try {
      if (isCancelled()) return { outcome: 'cancelled' };
      return await this.runTrial(request, cancel, onEpoch);
    } catch (error) {
      if (isCancelled()) return { outcome: 'cancelled' };
      const known =
        error instanceof VernierError ? error : new VernierError('INTERNAL', String(error), { cause: error });
      const crashed = known.code === 'THREAD_CRASHED' || known.code === 'MEMORY_EXHAUSTED';
      return { outcome: crashed ? 'crashed' : 'failed', error: known };
    } finally {
      this.slots.release();
    }
  }

  private async runTrial(
    { configJson, datasetSha256, ...request }: TrialRequest,
    cancel: Int32Array,
    onEpoch: (epoch: EpochMetrics, epochsTotal: number) => void,
  ): Promise<PoolTrialEnd> {
    const config = parseTrialConfig(configJson);
    const dataset = await this.data.hold(config.dataset.name, datasetSha256);
    let workspace: Region | undefined;
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ epoch, epochsTotal }: EpochReport) => onEpoch(epoch, epochsTotal));
    try {
      const { shape, trainRecords } = trainerOf(config).needs(config, dataset.info);
      const normalisation = await this.data.normalisation(dataset, trainRecords);
      workspace = this.data.allocate(this.options.kernel.workspaceBytes([shape]));
      const task = { ...request, config, dataset, normalisation, workspace, cancel, progress: port2 };
      return await this.call('runTrial', task, [port2]);
    } finally {
      port1.close();
      if (workspace !== undefined) this.options.memory.release(workspace);
      this.data.release(datasetSha256);
    }
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
