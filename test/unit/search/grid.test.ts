import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gridSize } from '../../../coordinator/search/grid.js';
import type { Distribution, SearchSpec } from '../../../proto/domain.js';
import { between, finish, impossible, opened, round, roundOf, spec } from './fixtures.js';

function gridSpec(parameters: Record<string, Distribution>): SearchSpec {
  return spec({ parameters, rounds: [round({ method: 'grid', trials: gridSize(parameters) })] });
}

const points = (parameters: Record<string, Distribution>): unknown[] =>
  opened(gridSpec(parameters)).trials.map((trial) => trial.parameters);

describe('grid rounds', () => {
  it("go over the points in W&B's order: by name, the last fastest", () => {
    const parameters: Record<string, Distribution> = {
      hidden: { distribution: 'int_uniform', min: 9, max: 11 },
      activation: { distribution: 'categorical', values: ['tanh', 'relu'] },
      kind: { distribution: 'constant', value: 1 },
    };
    expect(points(parameters)).toEqual([
      { activation: 'tanh', hidden: 9, kind: 1 },
      { activation: 'tanh', hidden: 10, kind: 1 },
      { activation: 'tanh', hidden: 11, kind: 1 },
      { activation: 'relu', hidden: 9, kind: 1 },
      { activation: 'relu', hidden: 10, kind: 1 },
      { activation: 'relu', hidden: 11, kind: 1 },
    ]);
  });

  it('take q_uniform as numpy.arange(min, max, q), without max', () => {
    const values = (min: number, max: number, q: number): unknown[] =>
      (points({ x: { distribution: 'q_uniform', min, max, q } }) as { x: number }[]).map(({ x }) => x);
    expect(values(0, 1, 0.25)).toEqual([0, 0.25, 0.5, 0.75]);
    expect(values(0, 0.3, 0.1)).toEqual([0, 0.1, 0.2]);
    expect(values(0.1, 0.75, 0.2)).toEqual([0.1, 0.3, 0.5, 0.7]);
    expect(values(1, 1.3, 0.1)).toEqual([1, 1.1, 1.2]); // numpy's rounding lets 1.3 in
  });

  it('leave out points that are the same, a whole number however written among them', () => {
    const values = [3, 3.0, '3', 4, 4];
    expect(points({ x: { distribution: 'categorical', values } })).toEqual([{ x: 3 }, { x: '3' }, { x: 4 }]);
  });

  it('hold every point once', () => {
    const axis: fc.Arbitrary<Distribution> = fc.oneof(
      fc.constant({ distribution: 'constant' as const, value: 'a' }),
      fc
        .uniqueArray(fc.oneof(fc.integer(), fc.string(), fc.boolean()), { minLength: 1, maxLength: 4 })
        .map((values) => ({
          distribution: 'categorical' as const,
          values,
        })),
      fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 4 })).map(([min, size]) => ({
        distribution: 'int_uniform' as const,
        min,
        max: min + size,
      })),
      fc
        .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(0.1, 0.5, 2))
        .map(([from, count, q]) => ({
          distribution: 'q_uniform' as const,
          min: from * q,
          max: (from + count) * q,
          q,
        })),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), axis), (parameters) => {
        const found = points(parameters).map((point) => JSON.stringify(point));
        expect(found).toHaveLength(gridSize(parameters));
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });

  it('skip what is carried', () => {
    const parameters: Record<string, Distribution> = { x: { distribution: 'int_uniform', min: 1, max: 4 } };
    const search = spec({
      parameters,
      rounds: [
        round({ method: 'grid', trials: 4 }),
        round({ name: 'again', method: 'grid', trials: 4, carry: { best: 2 } }),
      ],
    });
    const first = finish(opened(search), ({ x }) => ({ val_accuracy: Number(x) }));
    const xs = opened(search, [first]).trials.map(({ parameters: { x }, carriedFrom }) => [x, carriedFrom]);
    expect(xs).toEqual([
      [4, 4],
      [3, 3],
      [1, 0],
      [2, 0],
    ]);
  });

  it('have both ends of an interval that was narrowed, for they did well', () => {
    const parameters: Record<string, Distribution> = { x: { distribution: 'q_uniform', min: 0, max: 1, q: 0.1 } };
    const search = spec({
      parameters,
      rounds: [
        round({ method: 'grid', trials: 10 }),
        round({ name: 'fine', method: 'grid', trials: 3, narrow: between() }),
      ],
    });
    const tried = roundOf('coarse', 'x', [
      [0.3, 0.9],
      [0.6, 0.8],
      [0.9, 0.1],
    ]);
    const fine = opened(search, [{ ...tried, interval: { x: { min: 0, max: 1 } } }]);
    expect(fine.trials.map(({ parameters: { x } }) => x)).toEqual([0.3, 0.4, 0.5, 0.6]);
    expect(fine.interval).toEqual({ x: { min: 0.3, max: 0.6 } });
  });

  it('have both ends of a narrowed interval that they were handed on, too', () => {
    const parameters: Record<string, Distribution> = { x: { distribution: 'q_uniform', min: 0, max: 1, q: 0.1 } };
    const search = spec({
      parameters,
      rounds: [
        round(),
        round({ name: 'fine', narrow: between() }),
        round({ name: 'every', method: 'grid', trials: 0 }),
      ],
    });
    const interval = { x: { min: 0.3, max: 0.6 } };
    const fine = roundOf('fine', 'x', [[0.3, 0.9]], { index: 1, interval });
    const every = opened(search, [roundOf('coarse', 'x', [[0.3, 0.9]], { interval: { x: { min: 0, max: 1 } } }), fine]);
    expect(every.trials.map(({ parameters: { x } }) => x)).toEqual([0.3, 0.4, 0.5, 0.6]);
    // Handed on as the file has it, an interval is the file's: without max.
    const plain = opened(search, [
      roundOf('coarse', 'x', [], { interval: { x: { min: 0, max: 1 } } }),
      { ...fine, interval: {} },
    ]);
    expect(plain.trials.map(({ parameters: { x } }) => x)).toHaveLength(10);
  });

  it('are impossible over a distribution without steps', () => {
    const search = gridSpec({ x: { distribution: 'uniform', min: 0, max: 1 } });
    expect(gridSize(search.parameters)).toBe(0);
    expect(impossible(search, [])).toBe(
      'round "coarse" has no trials: its grid method finds nothing to draw and nothing is carried',
    );
  });
});
