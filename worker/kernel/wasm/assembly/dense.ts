import { FLOAT, PANEL, PANEL_ROW, TILE, TILE_ROW, VECTOR } from './layout';

/** Rows of a tile: with 8 columns it has ten accumulators, as many as leave V8 the registers for the rest. */
const ROWS: i32 = 5;

/**
 * z = x W, for x [rows, inputs] panelled, W [inputs, outputs] tiled, z [rows, outputs] tiled. Each element of z is
 * accumulated over the inputs in ascending order, from zero; between two blocks of inputs it waits in z.
 *
 * Rows are done five at a time: x and z have room for the next multiple of five; what lies there is of no account.
 */
export function dense(
  x: usize,
  panel: usize,
  rows: i32,
  inputs: i32,
  w: usize,
  wTile: usize,
  outputs: i32,
  z: usize,
  zTile: usize,
): void {
  for (let k = 0; k < inputs; k += PANEL) {
    const depth = min(inputs - k, PANEL);
    let wj = w;
    let zj = z;
    for (let j = outputs; j > 0; j -= TILE) {
      let xi = x;
      let zi = zj;
      if (j > 4) {
        for (let i = 0; i < rows; i += ROWS) {
          denseWide(xi, depth, wj, zi, k > 0);
          xi += usize(ROWS) * PANEL_ROW;
          zi += usize(ROWS) * TILE_ROW;
        }
      } else {
        for (let i = 0; i < rows; i += ROWS) {
          denseNarrow(xi, depth, wj, zi, k > 0);
          xi += usize(ROWS) * PANEL_ROW;
          zi += usize(ROWS) * TILE_ROW;
        }
      }
      wj += wTile;
      zj += zTile;
    }
    x += panel;
    w += usize(PANEL) * TILE_ROW;
  }
}

/*
 * The tiles are written for the code that V8 makes of them. One step a turn: of an unrolled turn it puts all loads first, and
 * then lacks registers. Addresses are advanced before their use: a sum needs no widening to 64 bits. The loads before the
 * loop make it compute their addresses there, once. Tiles are exported so that they are not inlined into one large function,
 * where registers run out again.
 */

/** z [5, 8] <- (add ? z : 0) + x [5, depth] W [depth, 8]. */
export function denseWide(x: usize, depth: i32, w: usize, z: usize, add: bool): void {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0;
  let b0 = a0,
    b1 = a0,
    b2 = a0,
    b3 = a0,
    b4 = a0;
  if (add) {
    a0 = v128.load(z);
    b0 = v128.load(z, VECTOR);
    a1 = v128.load(z, TILE_ROW);
    b1 = v128.load(z, TILE_ROW + VECTOR);
    a2 = v128.load(z, 2 * TILE_ROW);
    b2 = v128.load(z, 2 * TILE_ROW + VECTOR);
    a3 = v128.load(z, 3 * TILE_ROW);
    b3 = v128.load(z, 3 * TILE_ROW + VECTOR);
    a4 = v128.load(z, 4 * TILE_ROW);
    b4 = v128.load(z, 4 * TILE_ROW + VECTOR);
  }
  v128.load32_splat(x, PANEL_ROW);
  v128.load32_splat(x, 2 * PANEL_ROW);
  v128.load32_splat(x, 3 * PANEL_ROW);
  v128.load32_splat(x, 4 * PANEL_ROW);
  x -= FLOAT;
  w -= TILE_ROW;
  const end = x + usize(depth) * FLOAT;
  while (x != end) {
    x += FLOAT;
    w += TILE_ROW;
    const p = v128.load(w);
    const q = v128.load(w, VECTOR);
    let s = v128.load32_splat(x);
    a0 = f32x4.add(a0, f32x4.mul(s, p));
    b0 = f32x4.add(b0, f32x4.mul(s, q));
    s = v128.load32_splat(x, PANEL_ROW);
    a1 = f32x4.add(a1, f32x4.mul(s, p));
    b1 = f32x4.add(b1, f32x4.mul(s, q));
    s = v128.load32_splat(x, 2 * PANEL_ROW);
    a2 = f32x4.add(a2, f32x4.mul(s, p));
    b2 = f32x4.add(b2, f32x4.mul(s, q));
    s = v128.load32_splat(x, 3 * PANEL_ROW);
    a3 = f32x4.add(a3, f32x4.mul(s, p));
    b3 = f32x4.add(b3, f32x4.mul(s, q));
    s = v128.load32_splat(x, 4 * PANEL_ROW);
    a4 = f32x4.add(a4, f32x4.mul(s, p));
    b4 = f32x4.add(b4, f32x4.mul(s, q));
  }
  v128.store(z, a0);
  v128.store(z, b0, VECTOR);
  v128.store(z, a1, TILE_ROW);
  v128.store(z, b1, TILE_ROW + VECTOR);
  v128.store(z, a2, 2 * TILE_ROW);
  v128.store(z, b2, 2 * TILE_ROW + VECTOR);
  v128.store(z, a3, 3 * TILE_ROW);
  v128.store(z, b3, 3 * TILE_ROW + VECTOR);
  v128.store(z, a4, 4 * TILE_ROW);
  v128.store(z, b4, 4 * TILE_ROW + VECTOR);
}

/** denseWide for a last tile of at most four columns. */
export function denseNarrow(x: usize, depth: i32, w: usize, z: usize, add: bool): void {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0;
  if (add) {
    a0 = v128.load(z);
    a1 = v128.load(z, TILE_ROW);
    a2 = v128.load(z, 2 * TILE_ROW);
    a3 = v128.load(z, 3 * TILE_ROW);
    a4 = v128.load(z, 4 * TILE_ROW);
  }
  v128.load32_splat(x, PANEL_ROW);
  v128.load32_splat(x, 2 * PANEL_ROW);
  v128.load32_splat(x, 3 * PANEL_ROW);
  v128.load32_splat(x, 4 * PANEL_ROW);
  x -= FLOAT;
  w -= TILE_ROW;
  const end = x + usize(depth) * FLOAT;
  while (x != end) {
    x += FLOAT;
    w += TILE_ROW;
    const p = v128.load(w);
    a0 = f32x4.add(a0, f32x4.mul(v128.load32_splat(x), p));
    a1 = f32x4.add(a1, f32x4.mul(v128.load32_splat(x, PANEL_ROW), p));
    a2 = f32x4.add(a2, f32x4.mul(v128.load32_splat(x, 2 * PANEL_ROW), p));
    a3 = f32x4.add(a3, f32x4.mul(v128.load32_splat(x, 3 * PANEL_ROW), p));
    a4 = f32x4.add(a4, f32x4.mul(v128.load32_splat(x, 4 * PANEL_ROW), p));
  }
  v128.store(z, a0);
  v128.store(z, a1, TILE_ROW);
  v128.store(z, a2, 2 * TILE_ROW);
  v128.store(z, a3, 3 * TILE_ROW);
  v128.store(z, a4, 4 * TILE_ROW);
}
