/*
 * Vernier's kernel in WASM SIMD. Every function gives the bits that docs/numerics.md asks for; the naive specification is
 * worker/kernel/reference. Functions take addresses in the node's shared memory, where worker/kernel/wasm/layout.ts
 * places the matrices; nothing is allocated, and there is no static data.
 */
export { dense, denseNarrow, denseWide } from './dense';
export { exp, log } from './exponential';
export { gather } from './gather';
export { activate, addBias, addSquares, maskInactive, tiledToPanelled, transpose, updateBias } from './layer';
export { addToEvaluation, softmaxGradient } from './softmax';
export { updateNarrow, updatePair, updateWeights, updateWide } from './update';
