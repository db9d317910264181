import { blockedKernel } from '../blocked/index.js';
import type { Kernel } from '../kernel.js';
import { blockedFunctions } from './exports.js';
import { instantiate } from './module.js';

/** The WASM SIMD kernel. */
export function wasmKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const exports = instantiate(module, memory);
  const functions = { float32: blockedFunctions(exports, '32'), float64: blockedFunctions(exports, '64') };
  return blockedKernel('wasm', functions, memory);
}
