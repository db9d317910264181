import { bytes, lanes, LINE, VECTOR } from './layout';

/** Records that are gathered together. */
const TOGETHER: i32 = 4;
/** Inputs that are read at a time. */
const OCTET: i32 = 8;

/**
 * Normalises inputs first .. first + count of records, for panels and for the transposed block: BlockedFunctions.gather.
 *
 * The innermost turn does a vector's inputs of four records: four rows of a panel, and as many columns of the block.
 */
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
  for (let i = 0; i < rows; i += TOGETHER) {
    // The next block's bytes are asked for in time: the processor fetches ahead only after a few lines in a row.
    touch(record + usize(count), inputs, rowNumbers, i, i + TOGETHER, behind);
    const r0 = record + offsetOf(rowNumbers, i, inputs);
    const r1 = record + offsetOf(rowNumbers, i + 1, inputs);
    const r2 = record + offsetOf(rowNumbers, i + 2, inputs);
    const r3 = record + offsetOf(rowNumbers, i + 3, inputs);
    let m = mean + bytes<T>(first);
    let n = inverse + bytes<T>(first);
    let t = transposed + bytes<T>(i);
    let line = panels + usize(first / perLine) * panel + usize(i) * LINE;
    for (let k = 0; k < count; k += OCTET) {
      let w0 = v128.load8x8_u(r0 + usize(k));
      let w1 = v128.load8x8_u(r1 + usize(k));
      let w2 = v128.load8x8_u(r2 + usize(k));
      let w3 = v128.load8x8_u(r3 + usize(k));
      let x = line + bytes<T>(k % perLine);
      for (let part = 0; part < OCTET; part += lanes<T>()) {
        const vm = v128.load(m);
        const vn = v128.load(n);
        const v0 = v128.mul<T>(v128.sub<T>(numbers<T>(w0), vm), vn);
        const v1 = v128.mul<T>(v128.sub<T>(numbers<T>(w1), vm), vn);
        const v2 = v128.mul<T>(v128.sub<T>(numbers<T>(w2), vm), vn);
        const v3 = v128.mul<T>(v128.sub<T>(numbers<T>(w3), vm), vn);
        if (panels) {
          v128.store(x, v0);
          v128.store(x, v1, LINE);
          v128.store(x, v2, 2 * LINE);
          v128.store(x, v3, 3 * LINE);
        }
        const left = count - k - part;
        if (sizeof<T>() == 4) {
          const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
          const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
          const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
          const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
          if (left > 0) v128.store(t, i64x2.shuffle(low01, low23, 0, 2));
          if (left > 1) v128.store(t + transposedRow, i64x2.shuffle(low01, low23, 1, 3));
          if (left > 2) v128.store(t + 2 * transposedRow, i64x2.shuffle(high01, high23, 0, 2));
          if (left > 3) v128.store(t + 3 * transposedRow, i64x2.shuffle(high01, high23, 1, 3));
        } else {
          if (left > 0) {
            v128.store(t, i64x2.shuffle(v0, v1, 0, 2));
            v128.store(t, i64x2.shuffle(v2, v3, 0, 2), VECTOR);
          }
          if (left > 1) {
            v128.store(t + transposedRow, i64x2.shuffle(v0, v1, 1, 3));
            v128.store(t + transposedRow, i64x2.shuffle(v2, v3, 1, 3), VECTOR);
          }
        }
        w0 = following<T>(w0);
        w1 = following<T>(w1);
        w2 = following<T>(w2);
        w3 = following<T>(w3);
        m += VECTOR;
        n += VECTOR;
        x += VECTOR;
        t += usize(lanes<T>()) * transposedRow;
      }
      if ((k + OCTET) % perLine == 0) line += panel;
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

/** The first of eight int16, as many as a vector has numbers. Signed: other conversions are slow, and bytes have no sign. */
function numbers<T>(words: v128): v128 {
  const low = i32x4.extend_low_i16x8_u(words);
  if (sizeof<T>() == 4) return f32x4.convert_i32x4_s(low);
  return f64x2.convert_low_i32x4_s(low);
}

/** Of eight int16, those behind the first four or two come to the front. */
function following<T>(words: v128): v128 {
  if (sizeof<T>() == 4) return i64x2.shuffle(words, words, 1, 0);
  return i32x4.shuffle(words, words, 1, 2, 3, 0);
}
