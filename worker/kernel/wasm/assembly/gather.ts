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
      while (from + 4 <= end) {
        const bytes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
        // Signed: the conversion of unsigned numbers takes eight instructions, and bytes have no sign anyway.
        v128.store(to, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(bytes), v128.load(m)), v128.load(n)));
        from += 4;
        m += VECTOR;
        n += VECTOR;
        to += VECTOR;
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
