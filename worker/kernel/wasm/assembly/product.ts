import { bytes, LINE, ROWS, STRIP, VECTOR } from './layout';
import { ADD, narrowTile, SET, UPDATE, wideTile } from './tile';

/*
 * The products, strip by strip of C's columns: a strip of B stays in the first-level cache while all rows of A pass. Rows are done
 * five at a time; those past the last have room, and are of no account.
 */

/** C [m, n] <- A [m, depth] B [depth, n], or C + that: BlockedFunctions.multiply. */
export function multiply<T>(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  add: i32,
): void {
  const mode = add ? ADD : SET;
  const zero = 0 as T;
  const width = bytes<T>(n);
  for (let j: usize = 0; j < width; j += STRIP) {
    const isWide = width - j > VECTOR;
    let ai = a;
    let ci = c + j;
    for (let i = 0; i < m; i += ROWS) {
      if (isWide) wideTile<T>(ai, aRow, aStep, b + j, bRow, depth, ci, cRow, mode, zero, zero);
      else narrowTile<T>(ai, aRow, aStep, b + j, bRow, depth, ci, cRow, mode, zero, zero);
      ai += usize(ROWS) * aRow;
      ci += usize(ROWS) * cRow;
    }
  }
}

/** W [m, n] <- keep W - eta (A [m, depth] B [depth, n]): BlockedFunctions.update. */
export function update<T>(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bPanel: usize,
  w: usize,
  wRow: usize,
  keep: T,
  eta: T,
): void {
  const width = bytes<T>(n);
  for (let j: usize = 0; j < width; j += STRIP) {
    const isWide = width - j > VECTOR;
    const bj = b + (j / LINE) * bPanel + (j % LINE);
    let ai = a;
    let wi = w + j;
    for (let i = 0; i < m; i += ROWS) {
      if (isWide) wideTile<T>(ai, aRow, sizeof<T>(), bj, LINE, depth, wi, wRow, UPDATE, keep, eta);
      else narrowTile<T>(ai, aRow, sizeof<T>(), bj, LINE, depth, wi, wRow, UPDATE, keep, eta);
      ai += usize(ROWS) * aRow;
      wi += usize(ROWS) * wRow;
    }
  }
}
