import { forcedKernel, forcedNativeWidth } from '../../proto/kernels.js';
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
  /** What should run here does not, and another backend is used: why, in one sentence. */
  onKernelFallback?: (reason: string) => void;
}

/**
 * A worker node as it ships: one shared memory, the kernel compiled once, the data folder, the threads.
 *
 * @throws VernierError USAGE, KERNEL_UNAVAILABLE, THREAD_CRASHED
 */
export async function openNode(options: NodeOptions): Promise<TrialPool> {
  const { threads, env, onIdleThreadLost, onKernelFallback } = options;
  const dataDir = dataFolder(env, options.dataDir);
  const memory = new NodeMemory();
  const request = {
    name: forcedKernel(options.kernel ?? env['VERNIER_KERNEL']),
    nativeWidth: forcedNativeWidth(env),
  };
  const { kernel, recipe } = await loadKernel(request, memory.memory, onKernelFallback);
  return TrialPool.open({
    threads,
    kernel,
    recipe,
    memory,
    loadDataset: (name, sha256) => loadDataset(name, sha256, memory, dataDir),
    ...(onIdleThreadLost === undefined ? {} : { onIdleThreadLost }),
  });
}
