import { FLOAT, PANEL, PANEL_ROW, VECTOR } from './layout';

/** Bytes of a cache line. */
const LINE: usize = 64;

/**
 * x [count, inputs], panelled: the records of the given numbers, normalised: (byte - mean) * inverse, each rounded.
 *
 * @param images uint8 [records, inputs]
 * @param rows uint32 [count]: record numbers
 * @param mean float32 [inputs]; `inverse` as well
 */
export function gather(
  images: usize,
  inputs: i32,
  rows: usize,
  count: i32,
  mean: usize,
  inverse: usize,
  x: usize,
  panel: usize,
): void {
  for (let i = 0; i < count; i++) {
    let from = images + usize(load<u32>(rows + usize(i) * 4)) * usize(inputs);
    // Asks for the whole record at once: the processor fetches ahead only after a few lines in a row.
    for (let line = from; line < from + usize(inputs); line += LINE) load<u8>(line);
    let m = mean;
    let n = inverse;
    for (let first = 0; first < inputs; first += PANEL) {
      const width = min(inputs - first, PANEL);
      let to = x + usize(first / PANEL) * panel + usize(i) * PANEL_ROW;
      const end = from + usize(width);
      while (from + 8 <= end) {
        const bytes = v128.load8x8_u(from);
        // Signed: the conversion of unsigned numbers takes eight instructions, and bytes have no sign anyway.
        const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(bytes));
        const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(bytes));
        v128.store(to, f32x4.mul(f32x4.sub(low, v128.load(m)), v128.load(n)));
        v128.store(to, f32x4.mul(f32x4.sub(high, v128.load(m, VECTOR)), v128.load(n, VECTOR)), VECTOR);
        from += 8;
        m += 2 * VECTOR;
        n += 2 * VECTOR;
        to += 2 * VECTOR;
      }
      while (from < end) {
        store<f32>(to, (f32(load<u8>(from)) - load<f32>(m)) * load<f32>(n));
        from++;
        m += FLOAT;
        n += FLOAT;
        to += FLOAT;
      }
    }
  }
}
