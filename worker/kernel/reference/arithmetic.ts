import type { Precision } from '../kernel.js';

/** Numbers of the network's precision. */
export type Values = Float32Array | Float64Array;

/**
 * Rounds the float64 result of one operation to the network's precision. The sum, difference, product or quotient of two
 * float32 numbers, computed in float64 and rounded again, is the float32 operation's own result: 53 >= 2 * 24 + 2 bits.
 */
export type Round = (exact: number) => number;

export function rounding(precision: Precision): Round {
  return precision === 'float32' ? Math.fround : (exact) => exact;
}

/** An array of `length` numbers at a byte offset of the shared memory. */
export function valuesAt(buffer: SharedArrayBuffer, precision: Precision, offset: number, length: number): Values {
  return precision === 'float32' ? new Float32Array(buffer, offset, length) : new Float64Array(buffer, offset, length);
}

export function bytesPerValue(precision: Precision): number {
  return precision === 'float32' ? 4 : 8;
}
