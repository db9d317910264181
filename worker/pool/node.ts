import { dataFolder } from '../datasets/folder.js';
import { loadDataset } from '../datasets/load.js';
import { NodeMemory } from '../kernel/memory.js';
import { loadKernel } from '../kernel/select.js';
import { TrialPool } from './trial-pool.js';

export interface NodeOptions {
  threads: number;
  /** Backend's name; by default VERNIER_KERNEL, else the best this machine has. */
  kernel: string | undefined;
  env: NodeJS.ProcessEnv;
  /** By default VERNIER_DATA_DIR or the user's data folder. */
  dataDir?: string | undefined;
  onIdleThreadLost?: (error: Error) => void;
  /** The fastest backend does not run here and another is used: why, in one sentence. */
  onKernelFallback?: (reason: string) => void;
}

/**
 * A worker node as it ships: one shared memory, the kernel compiled once, the data folder, the threads.
 *
 * @throws VernierError KERNEL_UNAVAILABLE, THREAD_CRASHED
 */
export async function openNode(options: NodeOptions): Promise<TrialPool> {
  const { threads, env, onIdleThreadLost, onKernelFallback } = options;
  const dataDir = dataFolder(env, options.dataDir);
  const memory = new NodeMemory();
  const kernelName = options.kernel ?? env['VERNIER_KERNEL'];
  const { kernel, recipe } = await loadKernel(kernelName, memory.memory, onKernelFallback);
  return TrialPool.open({
    threads,
    kernel,
    recipe,
    memory,
    loadDataset: (name, sha256) => loadDataset(name, sha256, memory, dataDir),
    ...(onIdleThreadLost === undefined ? {} : { onIdleThreadLost }),
  });
}
