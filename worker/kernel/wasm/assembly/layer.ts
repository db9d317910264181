import { bytes, LINE, ROWS, VECTOR } from './layout';

/*
 * What a layer does besides its products, on matrices [units, rows] by rows, the records along the vectors. Records past
 * the last have room up to a vector's end, and are of no account.
 */

/** z <- z + bias, bias [units]. */
export function addBias<T>(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  for (let j = 0; j < units; j++) {
    const b = v128.splat<T>(load<T>(bias + bytes<T>(j)));
    const end = z + bytes<T>(rows);
    for (let at = z; at < end; at += VECTOR) v128.store(at, v128.add<T>(v128.load(at), b));
    z += zRow;
  }
}

/** z <- relu(z + bias). A NaN stays, and so does -0. */
export function activate<T>(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  const zero = v128.splat<T>(0 as T);
  for (let j = 0; j < units; j++) {
    const b = v128.splat<T>(load<T>(bias + bytes<T>(j)));
    const end = z + bytes<T>(rows);
    for (let at = z; at < end; at += VECTOR) {
      const sum = v128.add<T>(v128.load(at), b);
      v128.store(at, v128.andnot(sum, v128.lt<T>(sum, zero)));
    }
    z += zRow;
  }
}

/** Copies z [units, rows] to panels [rows, units]; columns past the last unit become 0. */
export function toPanels<T>(z: usize, zRow: usize, units: i32, rows: i32, panels: usize, panel: usize): void {
  const perLine = i32(LINE / sizeof<T>());
  for (let first = 0; first < units; first += perLine) {
    for (let i = 0; i < rows; i++) {
      let from = z + bytes<T>(i);
      const to = panels + usize(i) * LINE;
      for (let j = 0; j < perLine; j++) {
        store<T>(to + bytes<T>(j), first + j < units ? load<T>(from) : (0 as T));
        from += zRow;
      }
    }
    z += usize(perLine) * zRow;
    panels += panel;
  }
}

/** g <- 0 where x <= 0. */
export function maskInactive<T>(g: usize, gRow: usize, units: i32, rows: i32, x: usize, xRow: usize): void {
  const zero = v128.splat<T>(0 as T);
  const width = bytes<T>(rows);
  for (let j = 0; j < units; j++) {
    for (let at: usize = 0; at < width; at += VECTOR) {
      v128.store(g + at, v128.andnot(v128.load(g + at), v128.le<T>(v128.load(x + at), zero)));
    }
    g += gRow;
    x += xRow;
  }
}

/**
 * bias <- bias - eta * (sum of g over its rows' elements, in ascending order from zero). Five units at a time: one sum alone
 * would wait for each of its additions.
 */
export function updateBias<T>(g: usize, gRow: usize, units: i32, rows: i32, bias: usize, eta: T): void {
  const width = bytes<T>(rows);
  for (let j = 0; j < units; j += ROWS) {
    let s0 = 0 as T,
      s1 = 0 as T,
      s2 = 0 as T,
      s3 = 0 as T,
      s4 = 0 as T;
    const end = g + width;
    for (let at = g; at < end; at += sizeof<T>()) {
      s0 += load<T>(at);
      s1 += load<T>(at + gRow);
      s2 += load<T>(at + 2 * gRow);
      s3 += load<T>(at + 3 * gRow);
      s4 += load<T>(at + 4 * gRow);
    }
    const left = units - j;
    stepBias<T>(bias, s0, eta);
    if (left > 1) stepBias<T>(bias + bytes<T>(1), s1, eta);
    if (left > 2) stepBias<T>(bias + bytes<T>(2), s2, eta);
    if (left > 3) stepBias<T>(bias + bytes<T>(3), s3, eta);
    if (left > 4) stepBias<T>(bias + bytes<T>(4), s4, eta);
    g += usize(ROWS) * gRow;
    bias += bytes<T>(ROWS);
  }
}

function stepBias<T>(bias: usize, gradient: T, eta: T): void {
  store<T>(bias, (load<T>(bias) - ((eta * gradient) as T)) as T);
}

/** sum + all squares of W [outputs, inputs], by rows, added in float64 in the logical order: input by input. */
export function addSquares<T>(w: usize, wRow: usize, inputs: i32, outputs: i32, sum: f64): f64 {
  for (let k = 0; k < inputs; k++) {
    let at = w + bytes<T>(k);
    for (let j = 0; j < outputs; j++) {
      const weight = f64(load<T>(at));
      sum += weight * weight;
      at += wRow;
    }
  }
  return sum;
}
