import type { Kernel, KernelName, Precision } from '../kernel.js';
import type { BlockedFunctions } from './functions.js';
import { BlockedGroup } from './group.js';
import { blockedLayout } from './layout.js';

/** A kernel over a backend's functions for each precision. */
export function blockedKernel(
  name: KernelName,
  functions: Readonly<Record<Precision, BlockedFunctions>>,
  memory: WebAssembly.Memory,
): Kernel {
  return {
    name,
    workspaceBytes: (shapes) => blockedLayout(shapes).bytes,
    open: (shapes, workspace) =>
      new BlockedGroup(functions[shapes[0]?.precision ?? 'float32'], memory, shapes, workspace),
  };
}
