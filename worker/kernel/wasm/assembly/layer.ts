import { FLOAT, PANEL_ROW, TILE_ROW, panelled, tiled } from './layout';

/* What a layer does besides its products. Columns are done in fours; those past the last have room, and are of no account. */

/** z <- z + bias, for z [rows, outputs] tiled, bias [outputs]. */
export function addBias(z: usize, zTile: usize, rows: i32, outputs: i32, bias: usize): void {
  for (let j = 0; j < outputs; j += 4) {
    const b = v128.load(bias + usize(j) * FLOAT);
    let at = z + tiled(j, zTile);
    for (let i = 0; i < rows; i++) {
      v128.store(at, f32x4.add(v128.load(at), b));
      at += TILE_ROW;
    }
  }
}

/** x <- relu(z + bias), for z [rows, outputs] tiled, bias [outputs], x [rows, outputs] panelled. A NaN stays. */
export function activate(z: usize, zTile: usize, rows: i32, outputs: i32, bias: usize, x: usize, panel: usize): void {
  const zero = f32x4.splat(0);
  for (let j = 0; j < outputs; j += 4) {
    const b = v128.load(bias + usize(j) * FLOAT);
    let from = z + tiled(j, zTile);
    let to = x + panelled(j, panel);
    for (let i = 0; i < rows; i++) {
      const sum = f32x4.add(v128.load(from), b);
      v128.store(to, v128.andnot(sum, f32x4.lt(sum, zero)));
      from += TILE_ROW;
      to += PANEL_ROW;
    }
  }
}

/** g <- 0 where x <= 0, for g [rows, columns] tiled, x [rows, columns] panelled. */
export function maskInactive(g: usize, gTile: usize, rows: i32, columns: i32, x: usize, panel: usize): void {
  const zero = f32x4.splat(0);
  for (let j = 0; j < columns; j += 4) {
    let at = g + tiled(j, gTile);
    let activation = x + panelled(j, panel);
    for (let i = 0; i < rows; i++) {
      v128.store(at, v128.andnot(v128.load(at), f32x4.le(v128.load(activation), zero)));
      at += TILE_ROW;
      activation += PANEL_ROW;
    }
  }
}

/** Copies g [rows, columns], tiled, to x, panelled. */
export function tiledToPanelled(g: usize, gTile: usize, rows: i32, columns: i32, x: usize, panel: usize): void {
  for (let j = 0; j < columns; j += 4) {
    let from = g + tiled(j, gTile);
    let to = x + panelled(j, panel);
    for (let i = 0; i < rows; i++) {
      v128.store(to, v128.load(from));
      from += TILE_ROW;
      to += PANEL_ROW;
    }
  }
}

/** t [outputs, inputs] <- transpose of w [inputs, outputs], both tiled. */
export function transpose(w: usize, wTile: usize, inputs: i32, outputs: i32, t: usize, tTile: usize): void {
  for (let k = 0; k < inputs; k++) {
    const from = w + usize(k) * TILE_ROW;
    let to = t + tiled(k, tTile);
    for (let j = 0; j < outputs; j++) {
      store<f32>(to, load<f32>(from + tiled(j, wTile)));
      to += TILE_ROW;
    }
  }
}

/** bias <- bias - eta * (sum of g over its rows, in ascending order from zero), for g [rows, outputs] tiled. */
export function updateBias(g: usize, gTile: usize, rows: i32, outputs: i32, bias: usize, eta: f32): void {
  const e = f32x4.splat(eta);
  for (let j = 0; j < outputs; j += 4) {
    let sum = f32x4.splat(0);
    let from = g + tiled(j, gTile);
    for (let i = 0; i < rows; i++) {
      sum = f32x4.add(sum, v128.load(from));
      from += TILE_ROW;
    }
    const at = bias + usize(j) * FLOAT;
    v128.store(at, f32x4.sub(v128.load(at), f32x4.mul(e, sum)));
  }
}

/** sum + all squares of w [inputs, outputs], tiled, added in float64 in row-major order. */
export function addSquares(w: usize, wTile: usize, inputs: i32, outputs: i32, sum: f64): f64 {
  for (let k = 0; k < inputs; k++) {
    const row = w + usize(k) * TILE_ROW;
    for (let j = 0; j < outputs; j++) {
      const weight = f64(load<f32>(row + tiled(j, wTile)));
      sum += weight * weight;
    }
  }
  return sum;
}
