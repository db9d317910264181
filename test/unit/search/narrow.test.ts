import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NumericDistribution } from '../../../coordinator/search/distribution.js';
import { EDGE_SHARE, narrowInterval, WIDEN_SHARE, type NarrowInput } from '../../../coordinator/search/narrow.js';
import type { Interval } from '../../../proto/domain.js';
import { between } from './fixtures.js';

const lambda: NumericDistribution = { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 };
const momentum: NumericDistribution = { distribution: 'uniform', min: 0, max: 1 };
const hidden: NumericDistribution = { distribution: 'int_uniform', min: 10, max: 110 };
const batch: NumericDistribution = { distribution: 'q_uniform', min: 16, max: 256, q: 16 };

/** Narrowed from the definition's own interval, between the best two, unless told otherwise. */
function narrowed(definition: NumericDistribution, values: number[], overrides: Partial<NarrowInput> = {}): Interval {
  const result = narrowInterval({ definition, former: definition, values, narrow: between(), ...overrides });
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

function problem(definition: NumericDistribution, values: number[], overrides: Partial<NarrowInput> = {}): string {
  const result = narrowInterval({ definition, former: definition, values, narrow: between(), ...overrides });
  return 'problem' in result ? result.problem : '';
}

const around = (best: number, margin: number, widen = false): Pick<NarrowInput, 'narrow'> => ({
  narrow: { kind: 'around', best, margin, widen },
});
const widening = { narrow: between({ widen: true }) };

function expectClose(interval: Interval, min: number, max: number): void {
  expect(Math.abs(interval.min / min - 1)).toBeLessThan(1e-12);
  expect(Math.abs(interval.max / max - 1)).toBeLessThan(1e-12);
}

describe('between', () => {
  it('spans the best two values, to the last digit', () => {
    expect(narrowed(lambda, [0.0017837, 0.001012, 0.0000342])).toEqual({ min: 0.001012, max: 0.0017837 });
    expect(narrowed(momentum, [0.1 + 0.2, 0.9])).toEqual({ min: 0.30000000000000004, max: 0.9 });
  });

  it('passes over a value that the better ones had already', () => {
    expect(narrowed(hidden, [50, 50, 50, 80, 20])).toEqual({ min: 50, max: 80 });
    expect(narrowed(hidden, [50, 80, 50, 20], { narrow: between({ best: 3 }) })).toEqual({ min: 20, max: 80 });
  });

  it('makes do with two values where more are asked for', () => {
    expect(narrowed(hidden, [50, 80, 50], { narrow: between({ best: 5 }) })).toEqual({ min: 50, max: 80 });
  });

  it('does not need a margin', () => {
    const narrow = between({ margin: 0.5 });
    expect(narrowed(momentum, [0.4, 0.6], { narrow })).toEqual({ min: 0.4, max: 0.6 });
  });

  it('keeps a carried value that lies outside what the round drew from', () => {
    expect(narrowed(momentum, [0.8, 0.5], { former: { min: 0.4, max: 0.6 } })).toEqual({ min: 0.5, max: 0.8 });
  });
});

describe('around', () => {
  it('adds its share of the span at both ends', () => {
    const interval = narrowed(momentum, [0.5, 0.4, 0.6], around(3, 0.25));
    expectClose(interval, 0.35, 0.65);
  });

  it('adds it on the logarithmic scale, where it is a factor', () => {
    // The span is a factor of 10, half of it sqrt(10).
    expectClose(narrowed(lambda, [1e-3, 1e-2], around(2, 0.5)), 1e-3 / Math.sqrt(10), 1e-2 * Math.sqrt(10));
  });

  it('keeps the ends to the last digit without a margin', () => {
    expect(narrowed(lambda, [1.3e-3, 1.7e-2, 2e-2], around(2, 0))).toEqual({ min: 1.3e-3, max: 1.7e-2 });
  });

  it('stays inside the former interval', () => {
    expect(narrowed(momentum, [0.9, 0.2], around(2, 1))).toEqual({ min: 0, max: 1 });
    expect(narrowed(lambda, [5e-2, 2e-5], around(2, 3))).toEqual({ min: 1e-5, max: 1e-1 });
  });

  it('goes on to the next integer or multiple of q, outwards', () => {
    expect(narrowed(hidden, [50, 57], around(2, 0.1))).toEqual({ min: 49, max: 58 });
    expect(narrowed(batch, [64, 128], around(2, 0.1))).toEqual({ min: 48, max: 144 });
    expect(narrowed(batch, [64, 128], around(2, 0.5))).toEqual({ min: 32, max: 160 });
    const tenths: NumericDistribution = { distribution: 'q_uniform', min: 0, max: 1, q: 0.1 };
    expect(narrowed(tenths, [0.3, 0.5], around(2, 0.1))).toEqual({ min: 0.2, max: 0.6 });
  });

  it('does not leave a former interval that ends between two multiples of q', () => {
    const fours: NumericDistribution = { distribution: 'q_uniform', min: 5, max: 27, q: 4 };
    expect(narrowed(fours, [8, 24], around(2, 0.2))).toEqual({ min: 5, max: 27 });
  });
});

describe('widen', () => {
  it('leaves an interval alone whose best value is not at the edge', () => {
    expect(narrowed(momentum, [0.06, 0.5], widening)).toEqual({ min: 0.06, max: 0.5 });
    expect(narrowed(momentum, [0.5, 0.01], widening)).toEqual({ min: 0.01, max: 0.5 }); // only the second best is
  });

  it('reaches a quarter of the former interval beyond the edge at which the best value lies', () => {
    const signed: NumericDistribution = { distribution: 'uniform', min: -1, max: 1 };
    expect(narrowed(signed, [0.95, 0.2], widening)).toEqual({ min: 0.2, max: 1.5 });
    expect(narrowed(signed, [-0.9, 0.2], widening)).toEqual({ min: -1.5, max: 0.2 });
    expect(narrowed(signed, [-0.89, 0.2], widening)).toEqual({ min: -0.89, max: 0.2 });
  });

  it('measures on the logarithmic scale', () => {
    // 1e-5 .. 1e-1: the edge is the last fifth of a factor of ten, widening one factor of ten.
    expectClose(narrowed(lambda, [1.5e-5, 1e-3], widening), 1e-6, 1e-3);
    expect(narrowed(lambda, [1.6e-5, 1e-3], widening)).toEqual({ min: 1.6e-5, max: 1e-3 });
    expectClose(narrowed(lambda, [0.07, 1e-3], widening), 1e-3, 1);
  });

  it('looks at what the round before drew from, not at the definition', () => {
    const former = { min: 0.4, max: 0.6 };
    expectClose(narrowed(momentum, [0.4, 0.5], { former, ...widening }), 0.35, 0.5);
    expectClose(narrowed(momentum, [0.7, 0.5], { former, ...widening }), 0.5, 0.7); // a carried one, beyond it all
  });

  it('does not take its sign from a parameter', () => {
    expect(narrowed(momentum, [0.01, 0.5], widening)).toEqual({ min: 0, max: 0.5 });
    expect(narrowed({ distribution: 'uniform', min: 1, max: 9 }, [1, 5], widening)).toEqual({ min: 0.5, max: 5 });
    expect(narrowed({ distribution: 'uniform', min: -9, max: -1 }, [-1, -5], widening)).toEqual({ min: -5, max: -0.5 });
    expect(narrowed({ distribution: 'uniform', min: -9, max: 0 }, [0, -5], widening)).toEqual({ min: -5, max: 0 });
    expect(narrowed({ distribution: 'int_uniform', min: 1, max: 9 }, [1, 5], widening)).toEqual({ min: 1, max: 5 });
    expect(narrowed({ distribution: 'int_uniform', min: 9, max: 100 }, [9, 50], widening)).toEqual({ min: 4, max: 50 });
    expect(narrowed(batch, [16, 64], widening)).toEqual({ min: 16, max: 64 });
    const large: NumericDistribution = { distribution: 'q_uniform', min: 64, max: 640, q: 16 };
    expect(narrowed(large, [64, 128], widening)).toEqual({ min: 32, max: 128 });
    const powers: NumericDistribution = { distribution: 'q_log_uniform_values', min: 16, max: 256, q: 16 };
    expect(narrowed(powers, [16, 64], widening)).toEqual({ min: 16, max: 64 });
  });

  it('stays on the grid', () => {
    expect(narrowed(hidden, [110, 60], widening)).toEqual({ min: 60, max: 135 });
    expect(narrowed({ distribution: 'int_uniform', min: 8, max: 10 }, [10, 9], widening)).toEqual({ min: 9, max: 11 });
    expect(narrowed(batch, [256, 64], widening)).toEqual({ min: 64, max: 320 });
    // The end that is not widened stays where it was, also where it is no multiple.
    const fours: NumericDistribution = { distribution: 'q_uniform', min: 5, max: 28, q: 4 };
    expect(narrowed(fours, [28, 8], { narrow: { kind: 'around', best: 2, margin: 0.2, widen: true } })).toEqual({
      min: 5,
      max: 36,
    });
  });
});

describe('a round of its own definition', () => {
  it('is not left', () => {
    const bounds = { min: 0.5, max: 0.55 };
    expect(narrowed(momentum, [0.4, 0.6], { bounds })).toEqual(bounds);
    expect(narrowed(momentum, [0.52, 0.6], { bounds })).toEqual({ min: 0.52, max: 0.55 });
    const edge = { min: 0, max: 1.1 };
    expect(narrowed(momentum, [0.99, 0.6], { bounds: edge, ...widening })).toEqual({ min: 0.6, max: 1.1 });
  });

  it('must hold some of what did well', () => {
    expect(problem(momentum, [0.4, 0.6], { bounds: { min: 0.7, max: 0.8 } })).toBe(
      "its best values 0.4 to 0.6 lie outside the round's own 0.7 to 0.8",
    );
  });
});

describe('what cannot be narrowed', () => {
  it('says why', () => {
    expect(problem(momentum, [])).toBe('there is no number among its values');
    expect(problem(momentum, [0.5])).toBe('all its values are 0.5');
    expect(problem(hidden, [50, 50, 50], around(3, 0.5))).toBe('all its values are 50');
    expect(problem(lambda, [0, 0.1])).toBe('0 is among the best and has no place on a logarithmic scale');
  });
});

describe('every interval', () => {
  const inside = ({ min, max }: Interval): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
  const whole = fc.integer({ min: 10, max: 110 });
  const multiple = fc.integer({ min: 1, max: 16 }).map((count) => 16 * count);
  const tried: fc.Arbitrary<{ definition: NumericDistribution; values: number[] }> = fc
    .oneof(
      fc.array(inside(lambda)).map((values) => ({ definition: lambda, values })),
      fc.array(inside(momentum)).map((values) => ({ definition: momentum, values })),
      fc.array(whole).map((values) => ({ definition: hidden, values })),
      fc.array(multiple).map((values) => ({ definition: batch, values })),
    )
    .filter(({ values }) => new Set(values.map((value) => value + 0)).size > 1);
  const anyNarrow = fc.record({
    kind: fc.constantFrom('between' as const, 'around' as const),
    best: fc.integer({ min: 2, max: 5 }),
    margin: fc.double({ min: 0, max: 2, noNaN: true }),
    widen: fc.boolean(),
  });

  it('holds the best values, and stays inside the former one unless it widens', () => {
    fc.assert(
      fc.property(tried, anyNarrow, ({ definition, values }, narrow) => {
        const { min, max } = narrowed(definition, values, { narrow });
        const best = [...new Set(values)].slice(0, narrow.best);
        expect(min).toBeLessThan(max);
        expect(min).toBeLessThanOrEqual(Math.min(...best));
        expect(max).toBeGreaterThanOrEqual(Math.max(...best));
        if (narrow.widen) return;
        expect(min).toBeGreaterThanOrEqual(definition.min);
        expect(max).toBeLessThanOrEqual(definition.max);
      }),
      { numRuns: 1000 },
    );
  });

  it('of integers and multiples of q ends at such', () => {
    fc.assert(
      fc.property(tried, anyNarrow, ({ definition, values }, narrow) => {
        const { min, max } = narrowed(definition, values, { narrow });
        const step = definition === hidden ? 1 : 16;
        if (definition === hidden || definition === batch) expect([min % step, max % step]).toEqual([0, 0]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is widened at the edge only, and then always reaches as far beyond it', () => {
    fc.assert(
      fc.property(tried, anyNarrow, ({ definition, values }, narrow) => {
        fc.pre(definition === lambda);
        const { min, max } = narrowed(definition, values, { narrow: { ...narrow, widen: true } });
        // Far enough from the edge for another logarithm than the code's.
        const share = (Math.log10(values[0] ?? 0) + 5) / 4;
        fc.pre(Math.abs(share - EDGE_SHARE) > 1e-9 && Math.abs(1 - share - EDGE_SHARE) > 1e-9);
        if (share < EDGE_SHARE) expect(Math.log10(min)).toBeCloseTo(-5 - 4 * WIDEN_SHARE, 9);
        else expect(min).toBeGreaterThanOrEqual(definition.min);
        if (1 - share < EDGE_SHARE) expect(Math.log10(max)).toBeCloseTo(-1 + 4 * WIDEN_SHARE, 9);
        else expect(max).toBeLessThanOrEqual(definition.max);
      }),
      { numRuns: 1000 },
    );
  });
});
