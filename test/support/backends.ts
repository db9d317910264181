import type { Kernel, KernelName } from '../../worker/kernel/kernel.js';
import { openKernel, type KernelRecipe } from '../../worker/kernel/select.js';
import { compileWasmKernel } from '../../worker/kernel/wasm/module.js';

/** A backend that runs on this machine. */
export interface Backend {
  /** Its name, with the width of native code. */
  label: string;
  name: KernelName;
  recipe: KernelRecipe;
  open: (memory: WebAssembly.Memory) => Kernel;
}

function backend(recipe: KernelRecipe): Backend {
  const { name } = recipe;
  return { label: name, name, recipe, open: (memory) => openKernel(recipe, memory) };
}

/** All that run on this machine, slowest first; tests of what is the same on every backend go through them. */
export const BACKENDS: readonly Backend[] = [
  backend({ name: 'reference' }),
  backend({ name: 'wasm', module: compileWasmKernel() }),
];
