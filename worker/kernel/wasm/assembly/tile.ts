import { ROWS, VECTOR } from './layout';

/*
 * A tile is C [5, 8] of float32 or C [5, 4] of float64: ten accumulators, as many as leave V8 the registers for the rest. Its
 * element (i, j) takes A (i, k) B (k, j) over k in ascending order; A's elements are spread over vectors, B's lie in them.
 * Element (i, k) of A is at a + i * aRow + k * aStep, (k, j) of B at b + k * bRow + j, (i, j) of C at c + i * cRow + j, in bytes.
 *
 * The tiles are written for the code that V8 makes of them. One step a turn: of an unrolled turn it puts all loads first, and
 * then lacks registers; so it does when the loop's test stands at its end. Addresses are advanced before their use: a sum
 * needs no widening to 64 bits. The loads before the loop make it compute their addresses there, once. Tiles are called from two
 * places, so that they are not inlined into one large function, where registers run out again.
 */

/** What becomes of the product P. */
export const SET: i32 = 0; // C <- P
export const ADD: i32 = 1; // C <- P, accumulated from C instead of zero
export const UPDATE: i32 = 2; // C <- keep C - eta P

/** C [5, 8] or [5, 4]; A is packed: element (i, k) at a + k * 5 + i numbers. */
export function wideTile<T>(
  a: usize,
  b: usize,
  bRow: usize,
  depth: i32,
  c: usize,
  cRow: usize,
  mode: i32,
  keep: T,
  eta: T,
): void {
  const c1 = c + cRow,
    c2 = c1 + cRow,
    c3 = c2 + cRow,
    c4 = c3 + cRow;
  let p0 = v128.splat<T>(0 as T),
    p1 = p0,
    p2 = p0,
    p3 = p0,
    p4 = p0;
  let q0 = p0,
    q1 = p0,
    q2 = p0,
    q3 = p0,
    q4 = p0;
  if (mode == ADD) {
    p0 = v128.load(c);
    q0 = v128.load(c, VECTOR);
    p1 = v128.load(c1);
    q1 = v128.load(c1, VECTOR);
    p2 = v128.load(c2);
    q2 = v128.load(c2, VECTOR);
    p3 = v128.load(c3);
    q3 = v128.load(c3, VECTOR);
    p4 = v128.load(c4);
    q4 = v128.load(c4, VECTOR);
  }
  v128.load_splat<T>(a, sizeof<T>());
  v128.load_splat<T>(a, 2 * sizeof<T>());
  v128.load_splat<T>(a, 3 * sizeof<T>());
  v128.load_splat<T>(a, 4 * sizeof<T>());
  a -= usize(ROWS) * sizeof<T>();
  b -= bRow;
  const end = a + usize(depth) * usize(ROWS) * sizeof<T>();
  while (a != end) {
    a += usize(ROWS) * sizeof<T>();
    b += bRow;
    const p = v128.load(b);
    const q = v128.load(b, VECTOR);
    let s = v128.load_splat<T>(a);
    p0 = v128.add<T>(p0, v128.mul<T>(s, p));
    q0 = v128.add<T>(q0, v128.mul<T>(s, q));
    s = v128.load_splat<T>(a, sizeof<T>());
    p1 = v128.add<T>(p1, v128.mul<T>(s, p));
    q1 = v128.add<T>(q1, v128.mul<T>(s, q));
    s = v128.load_splat<T>(a, 2 * sizeof<T>());
    p2 = v128.add<T>(p2, v128.mul<T>(s, p));
    q2 = v128.add<T>(q2, v128.mul<T>(s, q));
    s = v128.load_splat<T>(a, 3 * sizeof<T>());
    p3 = v128.add<T>(p3, v128.mul<T>(s, p));
    q3 = v128.add<T>(q3, v128.mul<T>(s, q));
    s = v128.load_splat<T>(a, 4 * sizeof<T>());
    p4 = v128.add<T>(p4, v128.mul<T>(s, p));
    q4 = v128.add<T>(q4, v128.mul<T>(s, q));
  }
  if (mode == UPDATE) {
    const k = v128.splat<T>(keep);
    const e = v128.splat<T>(eta);
    step<T>(c4 + VECTOR, q4, k, e);
    step<T>(c4, p4, k, e);
    step<T>(c3 + VECTOR, q3, k, e);
    step<T>(c3, p3, k, e);
    step<T>(c2 + VECTOR, q2, k, e);
    step<T>(c2, p2, k, e);
    step<T>(c1 + VECTOR, q1, k, e);
    step<T>(c1, p1, k, e);
    step<T>(c + VECTOR, q0, k, e);
    step<T>(c, p0, k, e);
  } else {
    v128.store(c, p0);
    v128.store(c, q0, VECTOR);
    v128.store(c1, p1);
    v128.store(c1, q1, VECTOR);
    v128.store(c2, p2);
    v128.store(c2, q2, VECTOR);
    v128.store(c3, p3);
    v128.store(c3, q3, VECTOR);
    v128.store(c4, p4);
    v128.store(c4, q4, VECTOR);
  }
}

/** wideTile for a last strip of at most one vector. */
export function narrowTile<T>(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  depth: i32,
  c: usize,
  cRow: usize,
  mode: i32,
  keep: T,
  eta: T,
): void {
  const c1 = c + cRow,
    c2 = c1 + cRow,
    c3 = c2 + cRow,
    c4 = c3 + cRow;
  let p0 = v128.splat<T>(0 as T),
    p1 = p0,
    p2 = p0,
    p3 = p0,
    p4 = p0;
  if (mode == ADD) {
    p0 = v128.load(c);
    p1 = v128.load(c1);
    p2 = v128.load(c2);
    p3 = v128.load(c3);
    p4 = v128.load(c4);
  }
  let a1 = a + aRow,
    a2 = a1 + aRow,
    a3 = a2 + aRow,
    a4 = a3 + aRow;
  load<u8>(a1);
  load<u8>(a2);
  load<u8>(a3);
  load<u8>(a4);
  a -= aStep;
  a1 -= aStep;
  a2 -= aStep;
  a3 -= aStep;
  a4 -= aStep;
  b -= bRow;
  const end = b + usize(depth) * bRow;
  while (b != end) {
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    a4 += aStep;
    b += bRow;
    const p = v128.load(b);
    p0 = v128.add<T>(p0, v128.mul<T>(v128.load_splat<T>(a), p));
    p1 = v128.add<T>(p1, v128.mul<T>(v128.load_splat<T>(a1), p));
    p2 = v128.add<T>(p2, v128.mul<T>(v128.load_splat<T>(a2), p));
    p3 = v128.add<T>(p3, v128.mul<T>(v128.load_splat<T>(a3), p));
    p4 = v128.add<T>(p4, v128.mul<T>(v128.load_splat<T>(a4), p));
  }
  if (mode == UPDATE) {
    const k = v128.splat<T>(keep);
    const e = v128.splat<T>(eta);
    step<T>(c4, p4, k, e);
    step<T>(c3, p3, k, e);
    step<T>(c2, p2, k, e);
    step<T>(c1, p1, k, e);
    step<T>(c, p0, k, e);
  } else {
    v128.store(c, p0);
    v128.store(c1, p1);
    v128.store(c2, p2);
    v128.store(c3, p3);
    v128.store(c4, p4);
  }
}

function step<T>(w: usize, gradient: v128, keep: v128, eta: v128): void {
  v128.store(w, v128.sub<T>(v128.mul<T>(keep, v128.load(w)), v128.mul<T>(eta, gradient)));
}
