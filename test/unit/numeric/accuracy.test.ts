import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cos, exp, log, sin } from '../../../proto/numeric/index.js';
import { bigCos, bigExp, bigSin, errorInUlps, fixed, ulp } from '../../support/high-precision.js';

const RUNS = { numRuns: 400 };
const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });
const SMALLEST_NORMAL = 2 ** -1022;

/** Finite numbers at every size up to `max`, which fast-check's own doubles seldom are. */
function sized(minExponent: number, maxExponent: number): fc.Arbitrary<number> {
  return fc
    .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: minExponent, max: maxExponent }), fc.boolean())
    .map(([mantissa, exponent, negative]) => (negative ? -1 : 1) * mantissa * 2 ** exponent);
}

describe('exp', () => {
  it('is within one ulp', () => {
    const inRange = fc.oneof(sized(-60, 9), fc.double({ min: -708, max: 709.7, noNaN: true }));
    fc.assert(
      fc.property(inRange, (x) => {
        fc.pre(x > -708 && x < 709.7);
        expect(errorInUlps(exp(x), bigExp(fixed(x)))).toBeLessThan(1);
      }),
      RUNS,
    );
  });

  it('is within one and a half of the smallest number where the result is subnormal', () => {
    fc.assert(
      fc.property(fc.double({ min: -745.2, max: -708, noNaN: true }), (x) => {
        expect(errorInUlps(exp(x), bigExp(fixed(x)))).toBeLessThan(1.5);
      }),
      RUNS,
    );
  });

  it('is right where there is nothing to compute', () => {
    expect([0, -0, 1e-300, -1e-300, 5e-324].map(exp)).toEqual([1, 1, 1, 1, 1]);
    expect([Infinity, 1e308, 709.7827128933841].map(exp)).toEqual([Infinity, Infinity, Infinity]);
    expect(errorInUlps(exp(709.782712893384), bigExp(fixed(709.782712893384)))).toBeLessThan(1);
    expect([-Infinity, -1e308, -746].map(exp)).toEqual([0, 0, 0]);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(NaN)).toBeNaN();
  });
});

describe('log', () => {
  it('is within one ulp', () => {
    const positive = fc.oneof(
      sized(-1074, 1023).map(Math.abs),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 1e-3, noNaN: true }).map((distance) => 1 + distance),
    );
    fc.assert(
      fc.property(positive, (x) => {
        fc.pre(x > 0 && x !== 1);
        // exp is increasing: log x lies within one ulp of y when x lies between e^(y - ulp) and e^(y + ulp).
        const y = log(x);
        const truth = fixed(x);
        expect(bigExp(fixed(y) - fixed(ulp(y)))).toBeLessThan(truth);
        expect(bigExp(fixed(y) + fixed(ulp(y)))).toBeGreaterThan(truth);
      }),
      RUNS,
    );
  });

  it('is right where there is nothing to compute', () => {
    expect(log(1)).toBe(0);
    expect([0, -0].map(log)).toEqual([-Infinity, -Infinity]);
    expect([-1, -5e-324, -Infinity, NaN].map(log)).toEqual([NaN, NaN, NaN, NaN]);
    expect(log(Infinity)).toBe(Infinity);
    expect(log(5e-324)).toBe(-744.4400719213812);
    expect(log(SMALLEST_NORMAL)).toBe(-708.3964185322641);
  });
});

describe('sin and cos', () => {
  const angle = fc.oneof(
    fc.double({ min: -7, max: 7, noNaN: true }),
    sized(-30, 1023),
    // Next to multiples of pi / 2, where most digits cancel.
    fc.integer({ min: -3_000_000, max: 3_000_000 }).map((quadrants) => quadrants * (Math.PI / 2)),
  );

  it('are within one ulp for angles of any size', () => {
    fc.assert(
      fc.property(angle, (x) => {
        fc.pre(x !== 0);
        expect(errorInUlps(sin(x), bigSin(fixed(x)))).toBeLessThan(1);
        expect(errorInUlps(cos(x), bigCos(fixed(x)))).toBeLessThan(1);
      }),
      RUNS,
    );
  });

  it('are odd and even', () => {
    fc.assert(
      fc.property(anyFinite, (x) => {
        expect(sin(-x)).toBe(-sin(x));
        expect(cos(-x)).toBe(cos(x));
      }),
    );
  });

  it('are right where there is nothing to compute', () => {
    expect([sin(0), cos(0), cos(-0)]).toEqual([0, 1, 1]);
    expect(sin(-0)).toBe(-0);
    expect([sin(5e-324), cos(5e-324)]).toEqual([5e-324, 1]);
    expect([Infinity, -Infinity, NaN].flatMap((x) => [sin(x), cos(x)])).toEqual(Array.from({ length: 6 }, () => NaN));
    expect(cos(Math.PI)).toBe(-1);
  });
});

it('gives the bits that every other engine gives', () => {
  const results: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const x = (i - 10_000) * 0.0713;
    results.push(exp(x), log(Math.abs(x)), sin(x), cos(x), sin(x * 1e9), log(exp(x)));
  }
  expect(results.filter(Number.isNaN)).toEqual([]); // their bits are not fixed
  const digest = createHash('sha256').update(Float64Array.from(results)).digest('hex');
  expect(digest).toBe('eb3b81ef92b4ae72d3ce62279a2559c6e831f6d604c858fa34804927aa3502d2');
});
