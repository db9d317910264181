import { highWord, withHighWord } from './bits.js';

/** ln 2 in two parts; k * LN2_HIGH is exact for every exponent k. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

const L1 = 6.66666666666673513e-1;
const L2 = 3.999999999940941908e-1;
const L3 = 2.857142874366239149e-1;
const L4 = 2.222219843214978396e-1;
const L5 = 1.818357216161805012e-1;
const L6 = 1.531383769920937332e-1;
const L7 = 1.479819860511658591e-1;

const SMALLEST_NORMAL = 2.2250738585072014e-308;
const TWO_TO_54 = 18014398509481984;
/** Upper words of 1 and, rounded down, of sqrt(1/2). */
const ONE = 0x3ff00000;
const SQRT_HALF = 0x3fe6a09e;

/**
 * The natural logarithm in float64, by the algorithm of FreeBSD's msun (e_log.c, Sun Microsystems 1993) without its short
 * cuts: x = 2^k m with m between sqrt(1/2) and sqrt(2), a polynomial in s = f / (2 + f) where f = m - 1. The sequence of
 * operations is a contract (docs/numerics.md).
 *
 * Error below 1 ulp (0.77 measured). -Infinity for 0 and -0, NaN below.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  let scaled = x;
  if (x < SMALLEST_NORMAL) {
    scaled = x * TWO_TO_54;
    k = -54;
  }
  const word = highWord(scaled) + (ONE - SQRT_HALF);
  k += (word >> 20) - 0x3ff;
  const f = withHighWord(scaled, (word & 0xfffff) + SQRT_HALF) - 1;

  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return s * (halfSquare + (even + odd)) + k * LN2_LOW - halfSquare + f + k * LN2_HIGH;
}
