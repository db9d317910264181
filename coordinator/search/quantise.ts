/**
 * The grid of a quantised parameter: the whole multiples of q. A multiple is given to 15 significant digits, so that the
 * third multiple of 0.1 is the 0.3 that somebody would write and not 0.30000000000000004.
 */

/** Digits that every decimal keeps through a double and back. */
const DECIMAL_DIGITS = 15;
/** Share of q by which min / q may miss a whole number and still be tried as one: 0.3 / 0.1 is not quite 3. */
const QUOTIENT_TOLERANCE = 1e-9;

/** The multiple of q with this (whole) count. */
export function multipleOf(count: number, q: number): number {
  return toDecimal(count * q);
}

/** The number somebody would write for it: 15 significant digits, and 0 for -0. */
export function toDecimal(value: number): number {
  return Number(value.toPrecision(DECIMAL_DIGITS)) + 0;
}

/** Counts of the first and last multiples of q in [min, max]; first > last when there is none. */
export function multiplesWithin(min: number, max: number, q: number): { first: number; last: number } {
  let first = Math.ceil(min / q - QUOTIENT_TOLERANCE);
  if (multipleOf(first, q) < min) first += 1;
  let last = Math.floor(max / q + QUOTIENT_TOLERANCE);
  if (multipleOf(last, q) > max) last -= 1;
  return { first, last };
}

/**
 * The multiple of q nearest to x, halves to the even one (as numpy and so W&B round), moved into [min, max]: W&B lets the
 * rounding leave the interval, here an interval is what it says. Without a multiple inside, the nearest end.
 */
export function quantise(x: number, { min, max, q }: { min: number; max: number; q: number }): number {
  const { first, last } = multiplesWithin(min, max, q);
  const nearest = roundHalfToEven(x / q);
  if (first > last) return Math.min(max, Math.max(min, multipleOf(nearest, q)));
  return multipleOf(Math.min(last, Math.max(first, nearest)), q);
}

export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below; // exact
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
