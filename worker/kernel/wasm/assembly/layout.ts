/*
 * How matrices lie in memory. Strides are bytes.
 *
 * Tiled, for what is read and written by vectors along the columns (weights, scores, gradients): columns 0 .. 7 of all rows,
 * then columns 8 .. 15, and so on. Element (i, j) is at matrix + (j / 8) * tile + i * TILE_ROW + 4 * (j % 8).
 *
 * Panelled, for what is read one number at a time and spread over a vector (records, activations): columns 0 .. 119 of all
 * rows, then columns 120 .. 239, and so on. Element (i, k) is at matrix + (k / 120) * panel + i * PANEL_ROW + 4 * (k % 120).
 * A block of a panel fits the first-level cache, and a walk down a column stays on few pages.
 */

/** Bytes of a float32, of a vector of four. */
export const FLOAT: usize = 4;
export const VECTOR: usize = 16;

/** Columns of a tile, bytes of its rows. */
export const TILE: i32 = 8;
export const TILE_ROW: usize = 32;

/** Columns of a panel (a multiple of 8, and of the 5 and 20 that update.ts takes at a time), bytes of its rows. */
export const PANEL: i32 = 120;
export const PANEL_ROW: usize = 480;

/** Offset of column `j`, a multiple of 4, in a row of a tiled matrix. */
export function tiled(j: i32, tile: usize): usize {
  return usize(j / TILE) * tile + usize(j % TILE) * FLOAT;
}

/** Offset of column `k`, a multiple of 4, in a row of a panelled matrix. */
export function panelled(k: i32, panel: usize): usize {
  return usize(k / PANEL) * panel + usize(k % PANEL) * FLOAT;
}
