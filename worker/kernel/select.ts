import { VernierError } from '../../proto/errors.js';
import { KERNEL_NAMES, type Kernel, type KernelName } from './kernel.js';
import { measureTrainStep } from './measure.js';
import { NodeMemory } from './memory.js';
import { referenceKernel } from './reference/index.js';
import { wasmKernel } from './wasm/index.js';
import { compileWasmKernel, supportsSimd } from './wasm/module.js';

/** What a thread needs to open a backend that another thread has chosen: openKernel. It crosses threads as it is. */
export type KernelRecipe = { name: 'reference' } | { name: 'wasm'; module: WebAssembly.Module };

/** A kernel over a memory, and what threads need to open it again. */
export interface LoadedKernel {
  kernel: Kernel;
  recipe: KernelRecipe;
}

/** What this engine can do; tests put others in its place. */
export interface KernelHost {
  supportsSimd: () => boolean;
  compileWasmKernel: () => WebAssembly.Module;
}

const thisHost: KernelHost = { supportsSimd, compileWasmKernel: () => compileWasmKernel() };

/**
 * Loads a backend by name, or the fastest that this machine has.
 *
 * @param name undefined or empty: the fastest; what falls back says so through `onFallback`
 * @throws VernierError USAGE for an unknown name, KERNEL_UNAVAILABLE when the named one cannot run here or is not built
 */
export function loadKernel(
  name: string | undefined,
  memory: WebAssembly.Memory,
  onFallback: (reason: string) => void = () => {},
  host: KernelHost = thisHost,
): Promise<LoadedKernel> {
  // A promise, because a backend may have to be compiled or loaded asynchronously.
  try {
    return Promise.resolve(load(name, memory, onFallback, host));
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function load(
  name: string | undefined,
  memory: WebAssembly.Memory,
  onFallback: (reason: string) => void,
  host: KernelHost,
): LoadedKernel {
  const forced = name === undefined || name === '' ? undefined : kernelName(name);
  if (forced === 'native') throw notBuilt();
  if (forced === 'reference') return opened({ name: 'reference' }, memory);
  if (!host.supportsSimd()) {
    if (forced === 'wasm') throw noSimd();
    onFallback(
      'this engine has no WebAssembly SIMD: the reference kernel is used, which gives the same bits about 50 times slower',
    );
    return opened({ name: 'reference' }, memory);
  }
  return opened({ name: 'wasm', module: host.compileWasmKernel() }, memory);
}

function opened(recipe: KernelRecipe, memory: WebAssembly.Memory): LoadedKernel {
  return { kernel: openKernel(recipe, memory), recipe };
}

/**
 * Opens a backend that another thread has loaded.
 *
 * @throws VernierError KERNEL_UNAVAILABLE
 */
export function openKernel(recipe: KernelRecipe, memory: WebAssembly.Memory): Kernel {
  return recipe.name === 'wasm' ? wasmKernel(recipe.module, memory) : referenceKernel(memory);
}

export interface KernelReport {
  name: KernelName;
  available: boolean;
  /** Why not. */
  reason?: string;
  /** Milliseconds per update step of a 3072-50-10 network with mini-batches of 100. */
  stepMs?: number;
}

/** How long each backend is measured. */
const REPORT_BUDGET_MS = 300;

/** Every backend, whether it runs here, and how fast: about a second's work. */
export async function kernelReport(host: KernelHost = thisHost): Promise<KernelReport[]> {
  const reports: KernelReport[] = [];
  for (const name of KERNEL_NAMES) {
    try {
      const memory = new NodeMemory();
      const { kernel } = await loadKernel(name, memory.memory, undefined, host);
      reports.push({ name, available: true, stepMs: measureTrainStep(kernel, memory, REPORT_BUDGET_MS).medianMs });
    } catch (error) {
      if (!(error instanceof VernierError)) throw error;
      reports.push({ name, available: false, reason: error.message });
    }
  }
  return reports;
}

function kernelName(name: string): KernelName {
  const known = KERNEL_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new VernierError('USAGE', `there is no kernel ${JSON.stringify(name)}`, {
    mend: `choose one of ${KERNEL_NAMES.join(', ')}, or leave it out (--kernel, VERNIER_KERNEL)`,
  });
}

function notBuilt(): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', 'the native kernel is not built here', {
    mend: 'use the wasm kernel, which gives the same bits: --kernel wasm',
  });
}

function noSimd(): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', 'the wasm kernel needs WebAssembly SIMD, which this engine lacks', {
    mend: 'use the reference kernel, which gives the same bits: --kernel reference',
  });
}
