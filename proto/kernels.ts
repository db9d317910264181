/** Numerical backends, slowest first, by the names that --kernel and VERNIER_KERNEL take. All give the same bits (docs/numerics.md). */
export const KERNEL_NAMES = ['reference', 'wasm', 'native'] as const;
export type KernelName = (typeof KERNEL_NAMES)[number];
