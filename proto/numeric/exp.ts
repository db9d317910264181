/** ln 2 in two parts. The first has 21 trailing zero bits, so that k * LN2_HIGH is exact for every k in use. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
// oxlint-disable-next-line approx-constant -- spelled out: Math.LOG2E is only specified approximately
const INVERSE_LN2 = 1.442695040888963387;

/** Beyond this the result rounds to infinity. */
const OVERFLOW = 7.09782712893383973096e2;
/** Below this it rounds to zero. */
const UNDERFLOW = -7.4513321910194110842e2;

const P1 = 1.66666666666666019037e-1;
const P2 = -2.77777777770155933842e-3;
const P3 = 6.61375632143793436117e-5;
const P4 = -1.6533902205465251539e-6;
const P5 = 4.13813679705723846039e-8;

/** 2^(index - MIDDLE); half of any exponent in use fits, so that scaling takes two multiplications and no branch. */
const MIDDLE = 540;
const POWERS_OF_TWO = new Float64Array(2 * MIDDLE + 1);
POWERS_OF_TWO[MIDDLE] = 1;
for (let k = 1; k <= MIDDLE; k++) {
  POWERS_OF_TWO[MIDDLE + k] = (POWERS_OF_TWO[MIDDLE + k - 1] as number) * 2;
  POWERS_OF_TWO[MIDDLE - k] = (POWERS_OF_TWO[MIDDLE - k + 1] as number) / 2;
}

/**
 * e^x in float64, by the algorithm of FreeBSD's msun (e_exp.c, Sun Microsystems 1993): x = k ln 2 + r with |r| <= ln(2) / 2,
 * a rational approximation of e^r, and a scaling by 2^k. The sequence of operations is a contract (docs/numerics.md).
 *
 * Error below 1 ulp (0.85 measured); subnormal results are rounded twice, below 1.5 ulp.
 */
export function exp(x: number): number {
  if (x > OVERFLOW) return Infinity;
  if (x < UNDERFLOW) return 0;
  if (x !== x) return NaN;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  const half = k >> 1;
  return y * (POWERS_OF_TWO[half + MIDDLE] as number) * (POWERS_OF_TWO[k - half + MIDDLE] as number);
}
