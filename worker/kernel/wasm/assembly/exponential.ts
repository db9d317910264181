/*
 * proto/numeric's exp and log, operation by operation: the same bits, which a test shows. Constants and errors are
 * explained there.
 */

const LN2_HIGH: f64 = 6.9314718036912381649e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** exp of two numbers; what lies outside its domain is put right at the end. */
export function expPair(x: v128): v128 {
  const k = f64x2.floor(f64x2.add(f64x2.mul(x, f64x2.splat(1.442695040888963387)), f64x2.splat(0.5)));
  const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HIGH)));
  const low = f64x2.mul(k, f64x2.splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.splat(-1.6533902205465251539e-6), f64x2.mul(t, f64x2.splat(4.13813679705723846039e-8)));
  p = f64x2.add(f64x2.splat(6.61375632143793436117e-5), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(-2.77777777770155933842e-3), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(1.66666666666666019037e-1), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const one = f64x2.splat(1);
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c));
  const y = f64x2.sub(one, f64x2.sub(f64x2.sub(low, quotient), high));
  const exponent = i32x4.trunc_sat_f64x2_s_zero(k);
  const half = i32x4.shr_s(exponent, 1);
  let result = f64x2.mul(f64x2.mul(y, powersOfTwo(half)), powersOfTwo(i32x4.sub(exponent, half)));
  result = v128.bitselect(f64x2.splat(Infinity), result, f64x2.gt(x, f64x2.splat(7.09782712893383973096e2)));
  result = v128.andnot(result, f64x2.lt(x, f64x2.splat(-7.4513321910194110842e2)));
  return v128.bitselect(result, x, f64x2.eq(x, x));
}

/** Of the first two of four exponents. */
function powersOfTwo(exponents: v128): v128 {
  return i64x2.shl(i64x2.extend_low_i32x4_s(i32x4.add(exponents, i32x4.splat(1023))), 52);
}

export function log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  let k: i32 = 0;
  let scaled = x;
  if (x < 2.2250738585072014e-308) {
    scaled = x * 18014398509481984;
    k = -54;
  }
  const bits = reinterpret<u64>(scaled);
  const word = i32(bits >> 32) + (0x3ff00000 - 0x3fe6a09e);
  k += (word >> 20) - 0x3ff;
  const f = reinterpret<f64>((u64((word & 0xfffff) + 0x3fe6a09e) << 32) | (bits & 0xffffffff)) - 1;

  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const exponent = f64(k);
  return s * (halfSquare + (even + odd)) + exponent * LN2_LOW - halfSquare + f + exponent * LN2_HIGH;
}

/** Puts e^x in the place of every x, an even number of them: for tests. */
export function exponentials(values: usize, count: i32): void {
  for (let i = 0; i < count; i += 2) {
    const at = values + usize(i) * 8;
    v128.store(at, expPair(v128.load(at)));
  }
}

/** Puts log x in the place of every x: for tests. */
export function logarithms(values: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = values + usize(i) * 8;
    store<f64>(at, log(load<f64>(at)));
  }
}
