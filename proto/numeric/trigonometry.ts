import { reduceAngle } from './reduce-angle.js';

const S1 = -1.66666666666666324348e-1;
const S2 = 8.33333333332248946124e-3;
const S3 = -1.98412698298579493134e-4;
const S4 = 2.75573137070700676789e-6;
const S5 = -2.50507602534068634195e-8;
const S6 = 1.58969099521155010221e-10;

const C1 = 4.16666666666666019037e-2;
const C2 = -1.38888888888741095749e-3;
const C3 = 2.48015872894767294178e-5;
const C4 = -2.75573143513906633035e-7;
const C5 = 2.0875723212981748279e-9;
const C6 = -1.13596475577881948265e-11;

/**
 * sin(x) in float64, by the algorithm of FreeBSD's msun (s_sin.c, k_sin.c, k_cos.c, Sun Microsystems 1993). Any finite
 * angle is reduced exactly; NaN for infinities. Error below 1 ulp (0.78 measured).
 */
export function sin(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  if (x === 0) return x; // keeps the sign of -0
  const { quadrant, high, low } = reduceAngle(x);
  const value = (quadrant & 1) === 0 ? sinNearZero(high, low) : cosNearZero(high, low);
  return quadrant < 2 ? value : -value;
}

/** cos(x) in float64; as sin. */
export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const { quadrant, high, low } = reduceAngle(x);
  const value = (quadrant & 1) === 0 ? cosNearZero(high, low) : sinNearZero(high, low);
  return quadrant === 0 || quadrant === 3 ? value : -value;
}

/** sin(x + low) for |x| up to pi / 4 and a `low` below x's last digit. */
function sinNearZero(x: number, low: number): number {
  const z = x * x;
  const w = z * z;
  const r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
  const cube = z * x;
  return x - (z * (0.5 * low - cube * r) - low - cube * S1);
}

/** cos(x + low), as sinNearZero. */
function cosNearZero(x: number, low: number): number {
  const z = x * x;
  const w = z * z;
  const r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6));
  const half = 0.5 * z;
  const leading = 1 - half;
  return leading + (1 - leading - half + (z * r - x * low));
}
