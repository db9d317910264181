import type { Kernel, NetworkShape, Region } from '../kernel/kernel.js';
import type { TrialNeeds } from './trainer.js';

/** Both parts start at cache lines, as the memory's regions do. */
const ALIGN = 64;

const networksBytes = (kernel: Kernel, shapes: readonly NetworkShape[]): number =>
  Math.ceil(kernel.workspaceBytes(shapes) / ALIGN) * ALIGN;

/** Bytes that trials side by side work in: their networks, and behind them what they share. */
export function workspaceBytes(kernel: Kernel, needs: readonly Pick<TrialNeeds, 'shape' | 'sharedBytes'>[]): number {
  const shared = Math.max(0, ...needs.map(({ sharedBytes = 0 }) => sharedBytes));
  return (
    networksBytes(
      kernel,
      needs.map(({ shape }) => shape),
    ) + shared
  );
}

/** The part of such a workspace that the trials share. */
export function sharedPart(kernel: Kernel, shapes: readonly NetworkShape[], workspace: Region): Region {
  const networks = networksBytes(kernel, shapes);
  return { offset: workspace.offset + networks, bytes: workspace.bytes - networks };
}
