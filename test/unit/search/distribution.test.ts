import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawValue } from '../../../coordinator/search/distribution.js';
import type { Distribution } from '../../../proto/domain.js';
import { parameterDraw } from '../../../proto/seed.js';
import { arbitraryInterval, arbitraryShare } from './fixtures.js';

const LAST_SHARE = 1 - 2 ** -53;

/** n draws of one parameter, as a round of n trials makes them. */
function draws(distribution: Distribution, n: number, parameter = 'x'): unknown[] {
  return Array.from({ length: n }, (_, index) => drawValue(distribution, parameterDraw(42, 0, index, parameter, 0)));
}

/** Pearson's statistic of observed counts against expected shares. */
function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  return observed.reduce((sum, count, cell) => {
    const expected = (shares[cell] ?? 0) * total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** Quantiles of the chi-square distribution at 0.999, by degrees of freedom (R: qchisq(0.999, df)). */
const CRITICAL = { 2: 13.82, 5: 20.52, 10: 29.59, 19: 43.82, 81: 126.08 } as const;

describe('intervals', () => {
  it('hold every value, of every numeric distribution', () => {
    const positive = arbitraryInterval(1e-12, 1e12);
    const any = arbitraryInterval(-1e12, 1e12);
    const whole = fc
      .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }))
      .map(([min, size]) => ({ min, max: min + size }));
    const q = fc.constantFrom(0.001, 0.1, 0.25, 1, 3, 16, 1e6);
    const distribution: fc.Arbitrary<Extract<Distribution, { min: number }>> = fc.oneof(
      any.map((interval) => ({ distribution: 'uniform' as const, ...interval })),
      positive.map((interval) => ({ distribution: 'log_uniform_values' as const, ...interval })),
      whole.map((interval) => ({ distribution: 'int_uniform' as const, ...interval })),
      fc.tuple(any, q).map(([interval, step]) => ({ distribution: 'q_uniform' as const, ...interval, q: step })),
      fc
        .tuple(positive, q)
        .map(([interval, step]) => ({ distribution: 'q_log_uniform_values' as const, ...interval, q: step })),
    );
    fc.assert(
      fc.property(distribution, arbitraryShare, (drawn, u) => {
        const value = drawValue(drawn, u) as number;
        expect(value).toBeGreaterThanOrEqual(drawn.min);
        expect(value).toBeLessThanOrEqual(drawn.max);
        expect(Object.is(value, -0)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('are reached exactly at their ends', () => {
    fc.assert(
      fc.property(arbitraryInterval(1e-300, 1e300), ({ min, max }) => {
        expect(drawValue({ distribution: 'log_uniform_values', min, max }, 0)).toBe(min);
        expect(drawValue({ distribution: 'uniform', min, max }, 0)).toBe(min);
      }),
    );
    expect(drawValue({ distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 }, 0)).toBe(1e-5);
    expect(drawValue({ distribution: 'int_uniform', min: -3, max: 5 }, 0)).toBe(-3);
    expect(drawValue({ distribution: 'int_uniform', min: -3, max: 5 }, LAST_SHARE)).toBe(5);
    expect(drawValue({ distribution: 'int_uniform', min: 0, max: Number.MAX_SAFE_INTEGER }, LAST_SHARE)).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });

  it('may be wider than a double can tell', () => {
    const widest = { distribution: 'uniform', min: -Number.MAX_VALUE, max: Number.MAX_VALUE } as const;
    expect(drawValue(widest, 0)).toBe(-Number.MAX_VALUE);
    expect(drawValue(widest, 0.5)).toBe(0);
    expect(drawValue(widest, LAST_SHARE)).toBeLessThanOrEqual(Number.MAX_VALUE);
  });

  it('are drawn in the order of u', () => {
    const distributions: Distribution[] = [
      { distribution: 'uniform', min: -2, max: 5 },
      { distribution: 'log_uniform_values', min: 1e-5, max: 0.1 },
      { distribution: 'int_uniform', min: -4, max: 9 },
      { distribution: 'q_uniform', min: -2, max: 5, q: 0.3 },
      { distribution: 'q_log_uniform_values', min: 1, max: 1000, q: 16 },
    ];
    fc.assert(
      fc.property(fc.constantFrom(...distributions), arbitraryShare, arbitraryShare, (drawn, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(drawValue(drawn, low)).toBeLessThanOrEqual(drawValue(drawn, high) as number);
      }),
    );
  });
});

describe('log_uniform_values', () => {
  it('halves its interval geometrically', () => {
    const middle = drawValue({ distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 }, 0.5) as number;
    expect(Math.abs(middle / 1e-3 - 1)).toBeLessThan(1e-14);
  });

  it('spreads evenly over the logarithm, with a fixed seed', () => {
    const cells = Array.from({ length: 20 }, () => 0);
    for (const value of draws({ distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 }, 20_000)) {
      const share = (Math.log10(value as number) + 5) / 4;
      cells[Math.min(19, Math.floor(share * 20))]! += 1;
    }
    expect(
      chiSquare(
        cells,
        cells.map(() => 1 / 20),
      ),
    ).toBeLessThan(CRITICAL[19]);
  });
});

describe('uniform', () => {
  it('spreads two parameters evenly over their square, with a fixed seed', () => {
    const n = 20_000;
    const xs = draws({ distribution: 'uniform', min: 0, max: 1 }, n, 'x') as number[];
    const ys = draws({ distribution: 'uniform', min: 0, max: 1 }, n, 'y') as number[];
    const cells = Array.from({ length: 82 }, () => 0);
    // 9 x 9 cells, and what lies on neither: none.
    for (let i = 0; i < n; i++) cells[Math.floor(xs[i]! * 9) * 9 + Math.floor(ys[i]! * 9)]! += 1;
    expect(cells.pop()).toBe(0);
    expect(
      chiSquare(
        cells,
        cells.map(() => 1 / 81),
      ),
    ).toBeLessThan(CRITICAL[81]);
  });
});

describe('int_uniform', () => {
  it('gives each integer of the closed interval the same chance', () => {
    const cells = Array.from({ length: 11 }, () => 0);
    for (const value of draws({ distribution: 'int_uniform', min: -5, max: 5 }, 11_000))
      cells[(value as number) + 5]! += 1;
    expect(
      chiSquare(
        cells,
        cells.map(() => 1 / 11),
      ),
    ).toBeLessThan(CRITICAL[10]);
  });
});

describe('categorical', () => {
  it('gives every value the same chance', () => {
    const values = ['a', 1, true, null, 'b', 2.5];
    const drawn = draws({ distribution: 'categorical', values }, 12_000);
    const cells = values.map((value) => drawn.filter((other) => other === value).length);
    expect(
      chiSquare(
        cells,
        cells.map(() => 1 / 6),
      ),
    ).toBeLessThan(CRITICAL[5]);
  });

  it('keeps to the probabilities, and never draws what has none', () => {
    const values = ['never', 'rare', 'often', 'half', 'nor this'];
    const probabilities = [0, 0.1, 0.4, 0.5, 0];
    const drawn = draws({ distribution: 'categorical', values, probabilities }, 10_000);
    const cells = values.map((value) => drawn.filter((other) => other === value).length);
    expect([cells[0], cells[4]]).toEqual([0, 0]);
    expect(chiSquare(cells.slice(1, 4), probabilities.slice(1, 4))).toBeLessThan(CRITICAL[2]);
  });

  it('changes from one value to the next where u reaches their sum', () => {
    const halves = { distribution: 'categorical' as const, values: ['a', 'b'], probabilities: [0.5, 0.5] };
    expect([0, 0.5 - 2 ** -53, 0.5].map((u) => drawValue(halves, u))).toEqual(['a', 'a', 'b']);
    expect([0.5 - 2 ** -53, 0.5].map((u) => drawValue({ distribution: 'categorical', values: ['a', 'b'] }, u))).toEqual(
      ['a', 'b'],
    );
  });

  it('draws a value also where the probabilities add up to just below 1', () => {
    const probabilities = Array.from({ length: 10 }, () => 0.1); // 0.9999999999999999
    const values = probabilities.map((_, index) => index);
    expect(drawValue({ distribution: 'categorical', values, probabilities }, LAST_SHARE)).toBe(9);
    const ended = { distribution: 'categorical' as const, values: [1, 2], probabilities: [0.9999999999999999, 0] };
    expect(drawValue(ended, LAST_SHARE)).toBe(1);
  });
});

it('a constant is itself', () => {
  expect(drawValue({ distribution: 'constant', value: 'relu' }, 0.3)).toBe('relu');
});
