import type { Kernel } from '../kernel.js';
import { referenceKernel } from '../reference/index.js';
import { wasmLayout } from './layout.js';
import { instantiate } from './module.js';
import { WasmNetwork } from './network.js';

/** The WASM SIMD kernel. Float64 networks are small checks of gradients, not training: the reference does them. */
export function wasmKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const exports = instantiate(module, memory);
  const reference = referenceKernel(memory);
  return {
    name: 'wasm',
    workspaceBytes: (shape) =>
      shape.precision === 'float32' ? wasmLayout(shape).bytes : reference.workspaceBytes(shape),
    open: (shape, workspace) =>
      shape.precision === 'float32'
        ? new WasmNetwork(exports, memory, shape, workspace)
        : reference.open(shape, workspace),
  };
}
