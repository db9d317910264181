const view = new DataView(new ArrayBuffer(8));

/** The upper 32 bits of a float64: sign, exponent, and the first 20 bits of the fraction; as a signed integer. */
export function highWord(x: number): number {
  view.setFloat64(0, x);
  return view.getInt32(0);
}

/** `x` with its upper 32 bits replaced. */
export function withHighWord(x: number, word: number): number {
  view.setFloat64(0, x);
  view.setInt32(0, word);
  return view.getFloat64(0);
}
