import type { Kernel } from '../kernel.js';
import { networkLayout } from './layout.js';
import { ReferenceGroup } from './group.js';

/**
 * The specification of every other backend: plain loops over typed arrays in the node's shared memory, for float32 and
 * float64. Made to be read; docs/numerics.md says the same in words.
 */
export function referenceKernel(memory: WebAssembly.Memory): Kernel {
  return {
    name: 'reference',
    workspaceBytes: (shapes) => shapes.reduce((bytes, shape) => bytes + networkLayout(shape).bytes, 0),
    open: (shapes, workspace) => new ReferenceGroup(memory, shapes, workspace),
  };
}
