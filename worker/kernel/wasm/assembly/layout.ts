/*
 * How matrices lie in memory: worker/kernel/blocked/functions.ts describes the two forms, by rows and in panels. T is f32 or f64.
 */

/** Bytes of a cache line: of a panel's row. */
export const LINE: usize = 64;
/** Bytes of a vector. */
export const VECTOR: usize = 16;
/** Bytes of a row of a tile: two vectors, half a line. */
export const STRIP: usize = 32;

/** Rows of a tile. Matrices by rows have room for the next multiple. */
export const ROWS: i32 = 5;

/** Numbers of a vector. */
export function lanes<T>(): i32 {
  return i32(VECTOR / sizeof<T>());
}

/** Bytes of `count` numbers. */
export function bytes<T>(count: i32): usize {
  return usize(count) * sizeof<T>();
}
