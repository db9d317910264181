import type { Precision } from '../kernel.js';

/**
 * Rounds the float64 result of one operation to the network's precision. The sum, difference, product or quotient of two
 * float32 numbers, computed in float64 and rounded again, is the float32 operation's own result: 53 >= 2 * 24 + 2 bits.
 */
export type Round = (exact: number) => number;

export function rounding(precision: Precision): Round {
  return precision === 'float32' ? Math.fround : (exact) => exact;
}
