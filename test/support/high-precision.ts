/*
 * exp, sin and cos to hundreds of binary places by their Taylor series in whole numbers: a truth to measure
 * proto/numeric against that shares nothing with it. Fixed point: a bigint is a multiple of 2^-PLACES.
 */

const PLACES = 1500n;
const ONE = 1n << PLACES;

/** Exactly `x` (finite). */
export function fixed(x: number): bigint {
  let mantissa = x;
  let exponent = 0n;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  return BigInt(mantissa) << (PLACES - exponent);
}

/** e^x; 2^-400 of relative error and less. */
export function bigExp(x: bigint): bigint {
  if (x < 0n) return (ONE << PLACES) / bigExp(-x);
  const halvings = 20n;
  let value = taylor(x >> halvings, ONE, (n) => BigInt(n));
  for (let i = 0n; i < halvings; i++) value = (value * value) >> PLACES;
  return value;
}

export function bigSin(x: bigint): bigint {
  const angle = modulo(x, 2n * PI);
  const square = -((angle * angle) >> PLACES);
  return (angle * taylor(square, ONE, (n) => BigInt(2 * n * (2 * n + 1)))) >> PLACES;
}

export function bigCos(x: bigint): bigint {
  return bigSin(x + PI / 2n);
}

/** Sum of first * x^n / (divisor(1) ... divisor(n)). */
function taylor(x: bigint, first: bigint, divisor: (n: number) => bigint): bigint {
  let sum = first;
  let term = first;
  for (let n = 1; term !== 0n && term !== -1n; n++) {
    term = ((term * x) >> PLACES) / divisor(n);
    sum += term;
  }
  return sum;
}

function modulo(x: bigint, period: bigint): bigint {
  const rest = x % period;
  return rest > period / 2n ? rest - period : rest < -period / 2n ? rest + period : rest;
}

/** Machin's formula: pi = 16 arctan(1 / 5) - 4 arctan(1 / 239). */
const PI = 16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n);

function arctanOfInverse(n: bigint): bigint {
  let power = ONE / n;
  let sum = power;
  for (let k = 1n; power !== 0n; k++) {
    power /= -(n * n);
    sum += power / (2n * k + 1n);
  }
  return sum;
}

/** The distance from a float64 to the next larger in size. */
export function ulp(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0) - Math.abs(x);
}

/** How far `value` is from `truth`, in units of value's last place. */
export function errorInUlps(value: number, truth: bigint): number {
  const error = fixed(value) - truth;
  const thousandths = (1000n * (error < 0n ? -error : error)) / fixed(ulp(value));
  return Number(thousandths) / 1000;
}
