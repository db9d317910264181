import type { Kernel, KernelName, Precision } from '../kernel.js';
import type { BlockedFunctions } from './functions.js';
import { BlockedGroup } from './group.js';
import { blockedLayout } from './layout.js';

/**
 * A kernel over a backend's functions.
 *
 * @param functions for a precision, and for one group of networks, whose scratch starts at the given address: SCRATCH_ROWS rows
 *   of the deepest product, for a backend that packs matrices
 */
export function blockedKernel(
  name: KernelName,
  functions: (precision: Precision, scratch: number) => BlockedFunctions,
  memory: WebAssembly.Memory,
): Kernel {
  return {
    name,
    workspaceBytes: (shapes) => blockedLayout(shapes).bytes,
    open: (shapes, workspace) => {
      const layout = blockedLayout(shapes);
      const { precision, scratch } = layout;
      return new BlockedGroup(functions(precision, workspace.offset + scratch), memory, layout, workspace);
    },
  };
}
