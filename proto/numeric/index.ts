/*
 * Functions of float64 whose last digit is the same everywhere: fixed sequences of additions, multiplications, divisions
 * and bit operations, in place of Math's, which differ between engines. Part of the numerics contract (docs/numerics.md).
 */
export { exp } from './exp.js';
export { exp32, log32 } from './float32.js';
export { log } from './log.js';
export { cos, sin } from './trigonometry.js';
