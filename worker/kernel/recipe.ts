import type { NativeWidth } from '../../proto/kernels.js';
import type { Kernel } from './kernel.js';
import { loadNativeAddon, nativeKernel } from './native/index.js';
import { referenceKernel } from './reference/index.js';
import { wasmKernel } from './wasm/index.js';

/** Which backend, with what a thread needs to open it over the node's memory. It crosses threads as it is. */
export type KernelRecipe =
  { name: 'reference' } | { name: 'wasm'; module: WebAssembly.Module } | { name: 'native'; width: NativeWidth };

/** @throws VernierError KERNEL_UNAVAILABLE when the native code has gone since it was chosen */
export function openKernel(recipe: KernelRecipe, memory: WebAssembly.Memory): Kernel {
  if (recipe.name === 'native') return nativeKernel(loadNativeAddon(), recipe.width, memory);
  return recipe.name === 'wasm' ? wasmKernel(recipe.module, memory) : referenceKernel(memory);
}

/** As people read it: `wasm`, `native (avx2)`. */
export function kernelLabel(recipe: { name: KernelRecipe['name']; width?: NativeWidth }): string {
  return recipe.width === undefined ? recipe.name : `${recipe.name} (${recipe.width})`;
}
