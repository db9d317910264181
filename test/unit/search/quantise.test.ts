import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multipleOf, multiplesWithin, quantise, roundHalfToEven } from '../../../coordinator/search/quantise.js';

describe('roundHalfToEven', () => {
  it('rounds as numpy does', () => {
    // numpy.round([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]) = [-2, -2, -0, 0, 2, 2, 4]
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5].map((x) => roundHalfToEven(x) + 0)).toEqual([-2, -2, 0, 0, 2, 2, 4]);
    expect([0.49999999999999994, 2.4999999, 2.5000001, -7.2].map(roundHalfToEven)).toEqual([0, 2, 3, -7]);
  });
});

describe('multipleOf', () => {
  it('reads as somebody would write it', () => {
    expect([1, 2, 3, 6, 7].map((count) => multipleOf(count, 0.1))).toEqual([0.1, 0.2, 0.3, 0.6, 0.7]);
    expect(multipleOf(3, 0.3)).toBe(0.9);
    expect(Object.is(multipleOf(-0, 0.5), 0)).toBe(true);
  });
});

describe('multiplesWithin', () => {
  it('counts the ends where they are multiples, whatever the division makes of them', () => {
    expect(multiplesWithin(0.1, 0.3, 0.1)).toEqual({ first: 1, last: 3 });
    expect(multiplesWithin(0.3, 0.7, 0.1)).toEqual({ first: 3, last: 7 });
    expect(multiplesWithin(5, 11, 4)).toEqual({ first: 2, last: 2 });
    expect(multiplesWithin(-1, 1, 0.5)).toEqual({ first: -2, last: 2 });
  });

  it('finds none where there is none', () => {
    const { first, last } = multiplesWithin(5, 7, 4);
    expect(first).toBeGreaterThan(last);
  });

  it('finds exactly the multiples inside', () => {
    const q = fc.constantFrom(0.05, 0.1, 0.3, 1, 7);
    fc.assert(
      fc.property(
        q,
        fc.integer({ min: -500, max: 500 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (step, from, size) => {
          const min = from / 10;
          const max = min + size;
          const { first, last } = multiplesWithin(min, max, step);
          expect(multipleOf(first, step)).toBeGreaterThanOrEqual(min);
          expect(multipleOf(last, step)).toBeLessThanOrEqual(max);
          expect(multipleOf(first - 1, step)).toBeLessThan(min);
          expect(multipleOf(last + 1, step)).toBeGreaterThan(max);
        },
      ),
    );
  });
});

describe('quantise', () => {
  it('gives the nearest multiple inside the interval', () => {
    const range = { min: 16, max: 64, q: 16 };
    expect([16, 23.9, 24, 24.1, 40, 63].map((x) => quantise(x, range))).toEqual([16, 16, 32, 32, 32, 64]);
  });

  it('does not leave the interval, as rounding alone would', () => {
    const range = { min: 1, max: 10, q: 4 }; // round(1 / 4) * 4 = 0, round(10 / 4) * 4 = 8
    expect([1, 1.9, 3, 9.9, 10].map((x) => quantise(x, range))).toEqual([4, 4, 4, 8, 8]);
    expect(quantise(6.5, { min: 5, max: 7, q: 4 })).toBe(7); // no multiple inside
  });
});
