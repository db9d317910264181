/*
 * Vernier's kernel in WASM SIMD: BlockedFunctions (worker/kernel/blocked/functions.ts) for float32 and float64, as `multiply32` and
 * `multiply64`. Every function gives the bits that docs/numerics.md asks for; the naive specification is
 * worker/kernel/reference. Functions take addresses in the node's shared memory; nothing is allocated, and there is no
 * static data.
 */
export { exponentials, logarithms } from './exponential';
export * from './float32';
export * from './float64';
export { PACKED_ROWS } from './product';
