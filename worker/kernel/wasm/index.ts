import { blockedKernel } from '../blocked/index.js';
import type { Kernel } from '../kernel.js';
import { blockedFunctions } from './exports.js';
import { instantiate } from './module.js';

/** The WASM SIMD kernel. */
export function wasmKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const exports = instantiate(module, memory);
  return blockedKernel(
    'wasm',
    (precision, scratch) => blockedFunctions(exports, precision === 'float32' ? '32' : '64', scratch),
    memory,
  );
}
