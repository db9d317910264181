import { FLOAT, PANEL, PANEL_ROW, TILE, TILE_ROW, VECTOR } from './layout';

/** Inputs of a tile. */
const INPUTS: i32 = 5;
/** Inputs of a tile of two columns, which has its vectors along the inputs. */
const PAIR_INPUTS: i32 = 20;

/**
 * W <- keep W - eta x^T g, for x [rows, inputs] panelled, g [rows, outputs] tiled, W [inputs, outputs] tiled. Each element
 * of the product is accumulated over the rows in ascending order, from zero; each product of the update and their difference
 * are rounded.
 *
 * Inputs are done five or twenty at a time: W has room for the next multiple of twenty, as a panel of x has; what lies
 * there is of no account.
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
    let left = outputs;
    let gj = g;
    let wj = w;
    for (; left > 4; left -= TILE) {
      for (let k = 0; k < width; k += INPUTS) {
        updateWide(x + usize(k) * FLOAT, rows, gj, wj + usize(k) * TILE_ROW, keep, eta);
      }
      gj += gTile;
      wj += wTile;
    }
    if (left > 2) {
      for (let k = 0; k < width; k += INPUTS) {
        updateNarrow(x + usize(k) * FLOAT, rows, gj, wj + usize(k) * TILE_ROW, keep, eta);
      }
    } else if (left > 0) {
      for (let k = 0; k < width; k += PAIR_INPUTS) {
        updatePair(x + usize(k) * FLOAT, rows, gj, wj + usize(k) * TILE_ROW, keep, eta);
      }
    }
    x += panel;
    w += usize(PANEL) * TILE_ROW;
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

/**
 * W [20, 2] <- keep W - eta x [rows, 20]^T g [rows, 2], for a last tile of one or two columns: vectors lie along the
 * inputs, so that none is half empty.
 */
export function updatePair(x: usize, rows: i32, g: usize, w: usize, keep: f32, eta: f32): void {
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
  v128.load32_splat(g, FLOAT);
  x -= PANEL_ROW;
  g -= TILE_ROW;
  const end = x + usize(rows) * PANEL_ROW;
  while (x != end) {
    x += PANEL_ROW;
    g += TILE_ROW;
    const p = v128.load32_splat(g);
    const q = v128.load32_splat(g, FLOAT);
    let s = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(s, p));
    b0 = f32x4.add(b0, f32x4.mul(s, q));
    s = v128.load(x, VECTOR);
    a1 = f32x4.add(a1, f32x4.mul(s, p));
    b1 = f32x4.add(b1, f32x4.mul(s, q));
    s = v128.load(x, 2 * VECTOR);
    a2 = f32x4.add(a2, f32x4.mul(s, p));
    b2 = f32x4.add(b2, f32x4.mul(s, q));
    s = v128.load(x, 3 * VECTOR);
    a3 = f32x4.add(a3, f32x4.mul(s, p));
    b3 = f32x4.add(b3, f32x4.mul(s, q));
    s = v128.load(x, 4 * VECTOR);
    a4 = f32x4.add(a4, f32x4.mul(s, p));
    b4 = f32x4.add(b4, f32x4.mul(s, q));
  }
  const c = f32x4.splat(keep);
  const e = f32x4.splat(eta);
  stepPairs(w + 16 * TILE_ROW, a4, b4, c, e);
  stepPairs(w + 12 * TILE_ROW, a3, b3, c, e);
  stepPairs(w + 8 * TILE_ROW, a2, b2, c, e);
  stepPairs(w + 4 * TILE_ROW, a1, b1, c, e);
  stepPairs(w, a0, b0, c, e);
}

/** step for four rows of two columns, whose gradients are the lanes of `a` and `b`. */
function stepPairs(w: usize, a: v128, b: v128, keep: v128, eta: v128): void {
  stepTwoRows(w + 2 * TILE_ROW, i32x4.shuffle(a, b, 2, 6, 3, 7), keep, eta);
  stepTwoRows(w, i32x4.shuffle(a, b, 0, 4, 1, 5), keep, eta);
}

function stepTwoRows(w: usize, gradient: v128, keep: v128, eta: v128): void {
  const weights = v128.load64_lane(w + TILE_ROW, v128.load64_zero(w), 1);
  const stepped = f32x4.sub(f32x4.mul(keep, weights), f32x4.mul(eta, gradient));
  v128.store64_lane(w, stepped, 0);
  v128.store64_lane(w + TILE_ROW, stepped, 1);
}
