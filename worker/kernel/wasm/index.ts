import type { Kernel, NetworkShape } from '../kernel.js';
import { referenceKernel } from '../reference/index.js';
import { WasmGroup } from './group.js';
import { wasmLayout } from './layout.js';
import { instantiate } from './module.js';

/** The WASM SIMD kernel. Float64 networks are small checks of gradients, not training: the reference does them. */
export function wasmKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const exports = instantiate(module, memory);
  const reference = referenceKernel(memory);
  return {
    name: 'wasm',
    workspaceBytes: (shapes) =>
      isFloat32(shapes)
        ? shapes.reduce((bytes, shape) => bytes + wasmLayout(shape).bytes, 0)
        : reference.workspaceBytes(shapes),
    open: (shapes, workspace) =>
      isFloat32(shapes) ? new WasmGroup(exports, memory, shapes, workspace) : reference.open(shapes, workspace),
  };
}

function isFloat32(shapes: readonly NetworkShape[]): boolean {
  return shapes[0]?.precision === 'float32';
}
