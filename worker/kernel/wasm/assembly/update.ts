import { FLOAT, PANEL, PANEL_ROW, TILE, TILE_ROW, VECTOR } from './layout';

/** Inputs of a tile. */
const INPUTS: i32 = 5;

/**
 * W <- keep W - eta x^T g, for x [rows, inputs] panelled, g [rows, outputs] tiled, W [inputs, outputs] tiled. Each element
 * of the product is accumulated over the rows in ascending order, from zero; each product of the update and their difference
 * are rounded.
 *
 * Inputs are done five at a time: W has room for the next multiple of five; what lies there is of no account.
 */
export function updateWeights(
  x: usize,
  panel: usize,
  rows: i32,
  inputs: i32,
  g: usize,
  gTile: usize,
  outputs: i32,
  w: usize,
  wTile: usize,
  keep: f32,
  eta: f32,
): void {
  for (let first = 0; first < inputs; first += PANEL) {
    const width = min(inputs - first, PANEL);
    for (let k = 0; k < width; k += INPUTS) {
      const xk = x + usize(k) * FLOAT;
      let gj = g;
      let wj = w + usize(first + k) * TILE_ROW;
      let j = outputs;
      for (; j > 4; j -= TILE) {
        updateWide(xk, rows, gj, wj, keep, eta);
        gj += gTile;
        wj += wTile;
      }
      if (j > 0) updateNarrow(xk, rows, gj, wj, keep, eta);
    }
    x += panel;
  }
}

function step(w: usize, gradient: v128, keep: v128, eta: v128): void {
  v128.store(w, f32x4.sub(f32x4.mul(keep, v128.load(w)), f32x4.mul(eta, gradient)));
}

/*
 * The tiles are written as those of dense.ts. They end with the last row: V8 orders the loop by what follows it, and
 * this order keeps each product beside its sum.
 */

/** W [5, 8] <- keep W - eta x [rows, 5]^T g [rows, 8]. */
export function updateWide(x: usize, rows: i32, g: usize, w: usize, keep: f32, eta: f32): void {
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
  v128.load32_splat(x, FLOAT);
  v128.load32_splat(x, 2 * FLOAT);
  v128.load32_splat(x, 3 * FLOAT);
  v128.load32_splat(x, 4 * FLOAT);
  x -= PANEL_ROW;
  g -= TILE_ROW;
  const end = x + usize(rows) * PANEL_ROW;
  while (x != end) {
    x += PANEL_ROW;
    g += TILE_ROW;
    const p = v128.load(g);
    const q = v128.load(g, VECTOR);
    let s = v128.load32_splat(x);
    a0 = f32x4.add(a0, f32x4.mul(s, p));
    b0 = f32x4.add(b0, f32x4.mul(s, q));
    s = v128.load32_splat(x, FLOAT);
    a1 = f32x4.add(a1, f32x4.mul(s, p));
    b1 = f32x4.add(b1, f32x4.mul(s, q));
    s = v128.load32_splat(x, 2 * FLOAT);
    a2 = f32x4.add(a2, f32x4.mul(s, p));
    b2 = f32x4.add(b2, f32x4.mul(s, q));
    s = v128.load32_splat(x, 3 * FLOAT);
    a3 = f32x4.add(a3, f32x4.mul(s, p));
    b3 = f32x4.add(b3, f32x4.mul(s, q));
    s = v128.load32_splat(x, 4 * FLOAT);
    a4 = f32x4.add(a4, f32x4.mul(s, p));
    b4 = f32x4.add(b4, f32x4.mul(s, q));
  }
  const c = f32x4.splat(keep);
  const e = f32x4.splat(eta);
  step(w + 4 * TILE_ROW + VECTOR, b4, c, e);
  step(w + 4 * TILE_ROW, a4, c, e);
  step(w + 3 * TILE_ROW + VECTOR, b3, c, e);
  step(w + 3 * TILE_ROW, a3, c, e);
  step(w + 2 * TILE_ROW + VECTOR, b2, c, e);
  step(w + 2 * TILE_ROW, a2, c, e);
  step(w + TILE_ROW + VECTOR, b1, c, e);
  step(w + TILE_ROW, a1, c, e);
  step(w + VECTOR, b0, c, e);
  step(w, a0, c, e);
}

/** updateWide for a last tile of at most four columns. */
export function updateNarrow(x: usize, rows: i32, g: usize, w: usize, keep: f32, eta: f32): void {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0;
  v128.load32_splat(x, FLOAT);
  v128.load32_splat(x, 2 * FLOAT);
  v128.load32_splat(x, 3 * FLOAT);
  v128.load32_splat(x, 4 * FLOAT);
  x -= PANEL_ROW;
  g -= TILE_ROW;
  const end = x + usize(rows) * PANEL_ROW;
  while (x != end) {
    x += PANEL_ROW;
    g += TILE_ROW;
    const p = v128.load(g);
    a0 = f32x4.add(a0, f32x4.mul(v128.load32_splat(x), p));
    a1 = f32x4.add(a1, f32x4.mul(v128.load32_splat(x, FLOAT), p));
    a2 = f32x4.add(a2, f32x4.mul(v128.load32_splat(x, 2 * FLOAT), p));
    a3 = f32x4.add(a3, f32x4.mul(v128.load32_splat(x, 3 * FLOAT), p));
    a4 = f32x4.add(a4, f32x4.mul(v128.load32_splat(x, 4 * FLOAT), p));
  }
  const c = f32x4.splat(keep);
  const e = f32x4.splat(eta);
  step(w + 4 * TILE_ROW, a4, c, e);
  step(w + 3 * TILE_ROW, a3, c, e);
  step(w + 2 * TILE_ROW, a2, c, e);
  step(w + TILE_ROW, a1, c, e);
  step(w, a0, c, e);
}
