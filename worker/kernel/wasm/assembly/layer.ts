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

/** z <- z * factors, element by element. */
export function multiplyElements<T>(
  z: usize,
  zRow: usize,
  units: i32,
  rows: i32,
  factors: usize,
  factorsRow: usize,
): void {
  const width = bytes<T>(rows);
  for (let j = 0; j < units; j++) {
    for (let at: usize = 0; at < width; at += VECTOR) {
      v128.store(z + at, v128.mul<T>(v128.load(z + at), v128.load(factors + at)));
    }
    z += zRow;
    factors += factorsRow;
  }
}

/** V <- V + decay W, then W <- W - eta V, both [m, n]. */
export function momentumStep<T>(m: i32, n: i32, v: usize, vRow: usize, w: usize, wRow: usize, decay: T, eta: T): void {
  const width = bytes<T>(n);
  const d = v128.splat<T>(decay);
  const e = v128.splat<T>(eta);
  for (let i = 0; i < m; i++) {
    for (let at: usize = 0; at < width; at += VECTOR) {
      const weights = v128.load(w + at);
      const velocity = v128.add<T>(v128.load(v + at), v128.mul<T>(d, weights));
      v128.store(v + at, velocity);
      v128.store(w + at, v128.sub<T>(weights, v128.mul<T>(e, velocity)));
    }
    v += vRow;
    w += wRow;
  }
}

/** bias <- bias - eta * (sum of g over its rows' elements, in ascending order from zero). */
export function updateBias<T>(g: usize, gRow: usize, units: i32, rows: i32, bias: usize, eta: T): void {
  stepBiases<T>(g, gRow, units, rows, 0, bias, 0 as T, eta);
}

/** velocity <- momentum * velocity + (the same sum), then bias <- bias - eta * velocity. */
export function momentumBias<T>(
  g: usize,
  gRow: usize,
  units: i32,
  rows: i32,
  velocity: usize,
  bias: usize,
  momentum: T,
  eta: T,
): void {
  stepBiases<T>(g, gRow, units, rows, velocity, bias, momentum, eta);
}

/** Five units at a time: one sum alone would wait for each of its additions. Along the gradient itself where `velocity` is 0. */
function stepBiases<T>(
  g: usize,
  gRow: usize,
  units: i32,
  rows: i32,
  velocity: usize,
  bias: usize,
  momentum: T,
  eta: T,
): void {
  const next: usize = velocity ? sizeof<T>() : 0;
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
    stepBias<T>(bias, s0, velocity, momentum, eta);
    if (left > 1) stepBias<T>(bias + bytes<T>(1), s1, velocity + next, momentum, eta);
    if (left > 2) stepBias<T>(bias + bytes<T>(2), s2, velocity + 2 * next, momentum, eta);
    if (left > 3) stepBias<T>(bias + bytes<T>(3), s3, velocity + 3 * next, momentum, eta);
    if (left > 4) stepBias<T>(bias + bytes<T>(4), s4, velocity + 4 * next, momentum, eta);
    g += usize(ROWS) * gRow;
    velocity += usize(ROWS) * next;
    bias += bytes<T>(ROWS);
  }
}

function stepBias<T>(bias: usize, gradient: T, velocity: usize, momentum: T, eta: T): void {
  let along = gradient;
  if (velocity) {
    along = (((momentum * load<T>(velocity)) as T) + gradient) as T;
    store<T>(velocity, along);
  }
  store<T>(bias, (load<T>(bias) - ((eta * along) as T)) as T);
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
