import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogued, type DatasetInfo } from '../../proto/datasets.js';
import { thisMachine } from '../../proto/machine.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { openKernel, type KernelRecipe } from '../../worker/kernel/recipe.js';
import { TrialPool } from '../../worker/pool/trial-pool.js';
import { systemClock } from '../../worker/session/clock.js';
import { WorkerSession } from '../../worker/session/session.js';
import { coordinatorClients } from '../../worker/session/stream.js';
import { BACKENDS } from './backends.js';

/** The data that every installation has. */
export const EMBEDDED: DatasetInfo = catalogued('fashion-mnist-mini')!;

export const WASM: KernelRecipe = BACKENDS.find(({ name }) => name === 'wasm')!.recipe;

/** Real trial threads of dist/ over the embedded data. */
export function openPool(recipe: KernelRecipe, threads = 1): Promise<TrialPool> {
  const memory = new NodeMemory();
  const nowhere = join(tmpdir(), `vernier-no-data-${process.pid}`);
  return TrialPool.open({
    threads,
    kernel: openKernel(recipe, memory.memory),
    recipe,
    memory,
    loadDataset: (name, sha256) => loadDataset(name, sha256, memory, nowhere),
  }).finally(() => rmSync(nowhere, { recursive: true, force: true }));
}

/** A worker in this process: its session drains at the end of the test that started it. */
export function joinWith(pool: TrialPool, address: string, worker = 'w-1'): WorkerSession {
  return new WorkerSession({
    clients: coordinatorClients(address),
    runner: pool,
    hello: {
      protocolVersion: PROTOCOL_VERSION,
      numericsVersion: NUMERICS_VERSION,
      worker,
      threads: pool.threads,
      kernel: pool.kernelLabel,
      datasets: [EMBEDDED],
      machine: thisMachine(),
    },
    reconnect: { firstConnectMs: 5_000, reconnectMs: 20_000, initialDelayMs: 5, maxDelayMs: 20 },
    clock: systemClock,
    jitter: () => 0.5,
    log: () => undefined,
  });
}
