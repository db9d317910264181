import { bytes, LINE, VECTOR } from './layout';

/** Records, and inputs, that are gathered together: four rows of a panel, and as many columns of the transposed block. */
const SQUARE: i32 = 4;

/** Normalises inputs first .. first + count of records, for panels and for the transposed block: BlockedFunctions.gather. */
export function gather<T>(
  images: usize,
  inputs: i32,
  rowNumbers: usize,
  rows: i32,
  first: i32,
  count: i32,
  mean: usize,
  inverse: usize,
  panels: usize,
  panel: usize,
  transposed: usize,
  transposedRow: usize,
): void {
  const perLine = i32(LINE / sizeof<T>());
  const record = images + usize(first);
  if (first == 0) touch(record, inputs, rowNumbers, 0, rows, count);
  const behind = min(inputs - first - count, count);
  for (let i = 0; i < rows; i += SQUARE) {
    // The next block's bytes are asked for in time: the processor fetches ahead only after a few lines in a row.
    touch(record + usize(count), inputs, rowNumbers, i, i + SQUARE, behind);
    const r0 = record + offsetOf(rowNumbers, i, inputs);
    const r1 = record + offsetOf(rowNumbers, i + 1, inputs);
    const r2 = record + offsetOf(rowNumbers, i + 2, inputs);
    const r3 = record + offsetOf(rowNumbers, i + 3, inputs);
    let m = mean + bytes<T>(first);
    let n = inverse + bytes<T>(first);
    let t = transposed + bytes<T>(i);
    let line = panels + usize(first / perLine) * panel + usize(i) * LINE;
    let k = 0;
    for (; k + SQUARE <= count; k += SQUARE) {
      const x = panels ? line + bytes<T>(k % perLine) : 0;
      const b0 = fourBytes(r0 + usize(k));
      const b1 = fourBytes(r1 + usize(k));
      const b2 = fourBytes(r2 + usize(k));
      const b3 = fourBytes(r3 + usize(k));
      if (sizeof<T>() == 4) square32(b0, b1, b2, b3, m, n, x, t, transposedRow);
      else square64(b0, b1, b2, b3, m, n, x, t, transposedRow);
      m += bytes<T>(SQUARE);
      n += bytes<T>(SQUARE);
      t += usize(SQUARE) * transposedRow;
      if ((k + SQUARE) % perLine == 0) line += panel;
    }
    for (; k < count; k++) {
      const x = panels ? line + bytes<T>(k % perLine) : 0;
      const vm = load<T>(m);
      const vn = load<T>(n);
      single<T>(r0 + usize(k), vm, vn, x, t);
      single<T>(r1 + usize(k), vm, vn, x ? x + LINE : 0, t + bytes<T>(1));
      single<T>(r2 + usize(k), vm, vn, x ? x + 2 * LINE : 0, t + bytes<T>(2));
      single<T>(r3 + usize(k), vm, vn, x ? x + 3 * LINE : 0, t + bytes<T>(3));
      m += sizeof<T>();
      n += sizeof<T>();
      t += transposedRow;
    }
  }
}

function offsetOf(rowNumbers: usize, i: i32, inputs: i32): usize {
  return usize(load<u32>(rowNumbers + usize(i) * 4)) * usize(inputs);
}

/** Reads a byte of each line of `count` bytes of the records from .. to. */
function touch(record: usize, inputs: i32, rowNumbers: usize, from: i32, to: i32, count: i32): void {
  for (let i = from; i < to; i++) {
    const at = record + offsetOf(rowNumbers, i, inputs);
    for (let line: usize = 0; line < usize(count); line += LINE) load<u8>(at + line);
  }
}

/** As int32. */
function fourBytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/*
 * Four inputs of four records, (byte - mean) * inverse: to x a line from record to record, unless x is 0, and to t their
 * transpose. Conversions are signed: those of unsigned numbers take eight instructions, and bytes have no sign anyway.
 */

function square32(
  b0: v128,
  b1: v128,
  b2: v128,
  b3: v128,
  mean: usize,
  inverse: usize,
  x: usize,
  t: usize,
  tRow: usize,
): void {
  const m = v128.load(mean);
  const n = v128.load(inverse);
  const v0 = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(b0), m), n);
  const v1 = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(b1), m), n);
  const v2 = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(b2), m), n);
  const v3 = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(b3), m), n);
  if (x) storeLines(x, v0, v1, v2, v3);
  const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
  v128.store(t, i64x2.shuffle(low01, low23, 0, 2));
  t += tRow;
  v128.store(t, i64x2.shuffle(low01, low23, 1, 3));
  t += tRow;
  v128.store(t, i64x2.shuffle(high01, high23, 0, 2));
  t += tRow;
  v128.store(t, i64x2.shuffle(high01, high23, 1, 3));
}

function square64(
  b0: v128,
  b1: v128,
  b2: v128,
  b3: v128,
  mean: usize,
  inverse: usize,
  x: usize,
  t: usize,
  tRow: usize,
): void {
  for (let part: usize = 0; part < 2 * VECTOR; part += VECTOR) {
    const m = v128.load(mean + part);
    const n = v128.load(inverse + part);
    const v0 = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(b0), m), n);
    const v1 = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(b1), m), n);
    const v2 = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(b2), m), n);
    const v3 = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(b3), m), n);
    if (x) storeLines(x + part, v0, v1, v2, v3);
    v128.store(t, i64x2.shuffle(v0, v1, 0, 2));
    v128.store(t, i64x2.shuffle(v2, v3, 0, 2), VECTOR);
    t += tRow;
    v128.store(t, i64x2.shuffle(v0, v1, 1, 3));
    v128.store(t, i64x2.shuffle(v2, v3, 1, 3), VECTOR);
    t += tRow;
    b0 = secondPair(b0);
    b1 = secondPair(b1);
    b2 = secondPair(b2);
    b3 = secondPair(b3);
  }
}

function secondPair(v: v128): v128 {
  return i64x2.shuffle(v, v, 1, 1);
}

function storeLines(x: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  v128.store(x, v0);
  v128.store(x, v1, LINE);
  v128.store(x, v2, 2 * LINE);
  v128.store(x, v3, 3 * LINE);
}

/** One input of one record. */
function single<T>(byte: usize, mean: T, inverse: T, x: usize, t: usize): void {
  const value = ((((load<u8>(byte) as T) - mean) as T) * inverse) as T;
  if (x) store<T>(x, value);
  store<T>(t, value);
}
