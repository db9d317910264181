import { VernierError } from '../../proto/errors.js';
import { KERNEL_NAMES } from '../../proto/kernels.js';
import type { Kernel, KernelName } from '../../worker/kernel/kernel.js';
import { kernelLabel, openKernel, type KernelRecipe } from '../../worker/kernel/recipe.js';
import { recipesOf, thisHost } from '../../worker/kernel/select.js';

/** A backend that runs on this machine; the native one counts once a width. */
export interface Backend {
  /** `native (avx2)` */
  label: string;
  name: KernelName;
  recipe: KernelRecipe;
  open: (memory: WebAssembly.Memory) => Kernel;
}

/** All that run on this machine, slowest first; tests of what is the same on every backend go through them. */
export const BACKENDS: readonly Backend[] = KERNEL_NAMES.flatMap((name) =>
  recipesHere(name).map((recipe) => ({
    label: kernelLabel(recipe),
    name,
    recipe,
    open: (memory) => openKernel(recipe, memory),
  })),
);

/** The native kernel needs a compiler, which not every machine has; the others there must be. */
function recipesHere(name: KernelName): KernelRecipe[] {
  try {
    return recipesOf(name, thisHost);
  } catch (error) {
    if (name !== 'native' || !(error instanceof VernierError)) throw error;
    return [];
  }
}
