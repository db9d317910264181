import { bytes, lanes, ROWS } from './layout';

/*
 * Rows of A that a tile takes lie far apart, on pages of their own. Packed, they are one short run of memory, with one
 * address to advance: element (i, k) of rows 0 .. 4 at k * 5 + i numbers from the start, then rows 5 .. 9, and so on.
 */

/** Packs A [rows rounded up to fives, depth]; element (i, k) is at a + i * aRow + k * aStep. */
export function pack<T>(a: usize, aRow: usize, aStep: usize, rows: i32, depth: i32, to: usize): void {
  const inVectors = aStep == sizeof<T>() ? depth & ~(lanes<T>() - 1) : 0;
  for (let i = 0; i < rows; i += ROWS) {
    let a0 = a;
    for (let k = 0; k < inVectors; k += lanes<T>()) {
      packSquare<T>(a0, aRow, to);
      a0 += bytes<T>(lanes<T>());
      to += bytes<T>(ROWS * lanes<T>());
    }
    for (let k = inVectors; k < depth; k++) {
      let at = a0;
      for (let row = 0; row < ROWS; row++) {
        store<T>(to, load<T>(at));
        at += aRow;
        to += sizeof<T>();
      }
      a0 += aStep;
    }
    a += usize(ROWS) * aRow;
  }
}

/** A vector of each of five rows: all but the last row change places in registers. */
function packSquare<T>(a: usize, aRow: usize, to: usize): void {
  const step = bytes<T>(ROWS);
  const v0 = v128.load(a);
  const v1 = v128.load(a + aRow);
  const v2 = v128.load(a + 2 * aRow);
  const v3 = v128.load(a + 3 * aRow);
  const v4 = v128.load(a + 4 * aRow);
  if (sizeof<T>() == 4) {
    const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to + step, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(to + 2 * step, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(to + 3 * step, i64x2.shuffle(high01, high23, 1, 3));
    v128.store32_lane(to + bytes<T>(4), v4, 0);
    v128.store32_lane(to + step + bytes<T>(4), v4, 1);
    v128.store32_lane(to + 2 * step + bytes<T>(4), v4, 2);
    v128.store32_lane(to + 3 * step + bytes<T>(4), v4, 3);
  } else {
    v128.store(to, i64x2.shuffle(v0, v1, 0, 2));
    v128.store(to + bytes<T>(2), i64x2.shuffle(v2, v3, 0, 2));
    v128.store(to + step, i64x2.shuffle(v0, v1, 1, 3));
    v128.store(to + step + bytes<T>(2), i64x2.shuffle(v2, v3, 1, 3));
    v128.store64_lane(to + bytes<T>(4), v4, 0);
    v128.store64_lane(to + step + bytes<T>(4), v4, 1);
  }
}
