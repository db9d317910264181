import { bytes, LINE, ROWS, STRIP, VECTOR } from './layout';
import { pack } from './pack';
import { ADD, narrowTile, SET, UPDATE, wideTile } from './tile';

/** Rows of A that are packed at a time: what the scratch has room for (blocked/layout.ts, SCRATCH_ROWS), and a second-level cache. */
export const PACKED_ROWS: i32 = 60;

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
  scratch: usize,
): void {
  const mode = add ? ADD : SET;
  const zero = 0 as T;
  product<T>(m, n, depth, a, aRow, aStep, b, bRow, LINE, c, cRow, mode, zero, zero, scratch);
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
  scratch: usize,
): void {
  product<T>(m, n, depth, a, aRow, sizeof<T>(), b, LINE, bPanel, w, wRow, UPDATE, keep, eta, scratch);
}

/**
 * The products, strip by strip of C's columns: a strip of B stays in the first-level cache while all rows of A pass. Rows are done
 * five at a time; those past the last have room, and are of no account. Lines of B are `bLine` bytes apart.
 */
function product<T>(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bLine: usize,
  c: usize,
  cRow: usize,
  mode: i32,
  keep: T,
  eta: T,
  scratch: usize,
): void {
  const width = bytes<T>(n);
  const packed = bytes<T>(ROWS) * usize(depth);
  for (let first = 0; first < m; first += PACKED_ROWS) {
    const rows = min(m - first, PACKED_ROWS);
    if (width > VECTOR) pack<T>(a, aRow, aStep, rows, depth, scratch);
    for (let j: usize = 0; j < width; j += STRIP) {
      const isWide = width - j > VECTOR;
      const bj = b + (j / LINE) * bLine + (j % LINE);
      let ai = isWide ? scratch : a;
      let ci = c + j;
      for (let i = 0; i < rows; i += ROWS) {
        if (isWide) {
          wideTile<T>(ai, bj, bRow, depth, ci, cRow, mode, keep, eta);
          ai += packed;
        } else {
          narrowTile<T>(ai, aRow, aStep, bj, bRow, depth, ci, cRow, mode, keep, eta);
          ai += usize(ROWS) * aRow;
        }
        ci += usize(ROWS) * cRow;
      }
    }
    a += usize(PACKED_ROWS) * aRow;
    c += usize(PACKED_ROWS) * cRow;
  }
}
