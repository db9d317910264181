import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRound } from '../../../coordinator/search/open-round.js';
import type { FinishedRound } from '../../../coordinator/search/round.js';
import type { Distribution, SearchSpec } from '../../../proto/domain.js';
import { between, finish, impossible, opened, round, roundOf, runSearch, spec } from './fixtures.js';

/** The paper's search over a toy objective: best at lambda = 1e-3. */
const paper = spec({
  rounds: [
    round({ trial: { cycles: 2 } }),
    round({ name: 'fine', narrow: between(), carry: { best: 3 }, trial: { cycles: 4 } }),
    round({ name: 'final', method: 'none', trials: 0, carry: { best: 1 }, trial: { cycles: 3, test: true } }),
  ],
});
const peak = (lambda: unknown): number => 1 - Math.abs(Math.log10(Number(lambda)) + 3) / 10;

describe('a search of three rounds', () => {
  const [coarse, fine, final] = runSearch(paper, ({ lambda }) => peak(lambda));

  it('draws the first round from what the file says', () => {
    expect(coarse?.interval).toEqual({ lambda: { min: 1e-5, max: 1e-1 } });
    expect(coarse?.trials).toHaveLength(8);
    expect(coarse?.trials.every(({ carriedFrom }) => carriedFrom === 0)).toBe(true);
  });

  it('narrows to the best two, carries the best three first and draws the rest between', () => {
    const best =
      coarse?.trials.toSorted((a, b) => (b.metrics['val_accuracy'] ?? 0) - (a.metrics['val_accuracy'] ?? 0)) ?? [];
    const [first, second] = best.map(({ parameters: { lambda } }) => Number(lambda));
    const interval = { min: Math.min(first!, second!), max: Math.max(first!, second!) };
    expect(fine?.interval).toEqual({ lambda: interval });
    expect(fine?.trials.map(({ number }) => number)).toEqual(Array.from({ length: 11 }, (_, index) => 9 + index));
    expect(fine?.trials.map(({ carriedFrom }) => carriedFrom)).toEqual([
      ...best.slice(0, 3).map(({ number }) => number),
      ...Array.from({ length: 8 }, () => 0),
    ]);
    for (const { parameters } of fine?.trials.slice(3) ?? []) {
      expect(Number(parameters['lambda'])).toBeGreaterThanOrEqual(interval.min);
      expect(Number(parameters['lambda'])).toBeLessThanOrEqual(interval.max);
    }
  });

  it('trains carried configurations again with the settings of their new round', () => {
    for (const { config, parameters } of fine?.trials ?? []) expect(config).toEqual({ cycles: 4, ...parameters });
    expect(final?.trials).toHaveLength(1);
    expect(final?.trials[0]?.config).toEqual({ cycles: 3, test: true, ...final?.trials[0]?.parameters });
  });

  it('draws nothing in a round that only carries', () => {
    expect(final?.interval).toEqual({});
    const best = fine?.trials.toSorted(
      (a, b) => (b.metrics['val_accuracy'] ?? 0) - (a.metrics['val_accuracy'] ?? 0),
    )[0];
    expect(final?.trials[0]).toMatchObject({ carriedFrom: best?.number, parameters: best?.parameters, number: 20 });
  });

  it('draws nearer to the best than the round before', () => {
    const meanError = ({ trials }: FinishedRound): number => {
      const errors = trials.flatMap(({ parameters: { lambda }, carriedFrom }) =>
        carriedFrom === 0 ? [1 - peak(lambda)] : [],
      );
      return errors.reduce((sum, error) => sum + error, 0) / errors.length;
    };
    expect(meanError(fine!)).toBeLessThan(meanError(coarse!) / 3);
  });

  it('is the same whatever order the trials ended in', () => {
    const shuffled = fc.shuffledSubarray(coarse?.trials ?? [], { minLength: 8 });
    fc.assert(
      fc.property(shuffled, (trials) => {
        expect(openRound(paper, [{ ...coarse!, trials }])).toEqual(openRound(paper, [coarse!]));
      }),
      { numRuns: 20 },
    );
  });

  it('has no round after the last', () => {
    expect(() => openRound(paper, [coarse!, fine!, final!])).toThrow(RangeError);
  });
});

describe('repeats', () => {
  it('are neighbours that share their configuration', () => {
    const { trials } = opened(spec({ trainingSeeds: [3, 1, 2], rounds: [round({ trials: 2 })] }));
    expect(trials.map(({ configuration, seed }) => [configuration, seed])).toEqual([
      [0, 3],
      [0, 1],
      [0, 2],
      [1, 3],
      [1, 1],
      [1, 2],
    ]);
    expect(trials[0]?.config).toEqual(trials[2]?.config);
    expect(trials[0]?.parameters).not.toEqual(trials[3]?.parameters);
  });

  it('are carried and narrowed by their mean, and carried from the first of them', () => {
    const search = spec({
      trainingSeeds: [1, 2],
      rounds: [round({ trials: 3 }), round({ name: 'fine', trials: 1, narrow: between(), carry: { best: 1 } })],
    });
    const first = opened(search);
    const lambdas = [0, 2, 4].map((at) => first.trials[at]?.parameters['lambda']);
    // The first has the best single trial, the third the best mean.
    const scores = new Map([
      [lambdas[0], [0.9, 0.1]],
      [lambdas[1], [0.5, 0.55]],
      [lambdas[2], [0.6, 0.6]],
    ]);
    const finished = finish(first, ({ lambda }, seed) => ({ val_accuracy: scores.get(lambda)?.[seed - 1] ?? 0 }));
    const next = opened(search, [finished]);
    expect(next.trials.slice(0, 2).map(({ parameters, carriedFrom }) => [parameters['lambda'], carriedFrom])).toEqual([
      [lambdas[2], 5],
      [lambdas[2], 5],
    ]);
    const [low, high] = [Number(lambdas[1]), Number(lambdas[2])].toSorted((a, b) => a - b);
    expect(next.interval).toEqual({ lambda: { min: low, max: high } });
  });
});

describe('several parameters', () => {
  const parameters: Record<string, Distribution> = {
    lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 },
    hidden: { distribution: 'int_uniform', min: 10, max: 100 },
    activation: { distribution: 'categorical', values: ['relu', 'tanh'] },
  };
  const finished = (trials: [lambda: number, hidden: number, score: number][]): FinishedRound => ({
    ...roundOf(
      'coarse',
      'lambda',
      trials.map(([lambda, , score]) => [lambda, score]),
    ),
    interval: { lambda: { min: 1e-5, max: 1e-1 }, hidden: { min: 10, max: 100 } },
    trials: roundOf(
      'coarse',
      'lambda',
      trials.map(([lambda, , score]) => [lambda, score]),
    ).trials.map((trial, index) => ({
      ...trial,
      parameters: { lambda: trials[index]![0], hidden: trials[index]![1], activation: 'relu' },
    })),
  });

  it('are narrowed at once, each alone, categories not', () => {
    const search = spec({ parameters, rounds: [round(), round({ name: 'fine', narrow: between() })] });
    const before = finished([
      [1e-3, 50, 0.9],
      [1e-2, 50, 0.8],
      [1e-4, 30, 0.7],
    ]);
    const { interval, trials } = opened(search, [before]);
    // The best two have the same hidden: the third makes the second distinct value.
    expect(interval).toEqual({ lambda: { min: 1e-3, max: 1e-2 }, hidden: { min: 30, max: 50 } });
    expect(new Set(trials.map(({ parameters: { activation } }) => activation))).toEqual(new Set(['relu', 'tanh']));
  });

  it('are narrowed only as named; the others keep the interval that they had', () => {
    const search = spec({
      parameters,
      rounds: [
        round(),
        round({ name: 'fine', narrow: between() }),
        round({ name: 'finer', narrow: between({ parameters: ['hidden'] }) }),
        round({ name: 'again' }),
      ],
    });
    const coarse = finished([
      [1e-3, 50, 0.9],
      [1e-2, 30, 0.8],
    ]);
    const fine = finish(opened(search, [coarse]), ({ hidden }) => ({ val_accuracy: 1 / Number(hidden) }), [coarse]);
    const finer = opened(search, [coarse, fine]);
    expect(finer.interval['lambda']).toEqual({ min: 1e-3, max: 1e-2 });
    const hidden = [...new Set(fine.trials.map((trial) => Number(trial.parameters['hidden'])))].toSorted(
      (a, b) => a - b,
    );
    expect(finer.interval['hidden']).toEqual({ min: hidden[0], max: hidden[1] });
    // A round that says nothing goes on drawing from the same intervals.
    const again = opened(search, [coarse, fine, finish(finer, () => ({ val_accuracy: 0.5 }), [coarse, fine])]);
    expect(again.interval).toEqual(finer.interval);
  });

  it('may be defined anew by a round, which then bounds what narrowing gives', () => {
    const own: Record<string, Distribution> = { lambda: { distribution: 'log_uniform_values', min: 2e-3, max: 1 } };
    const before = finished([
      [1e-3, 50, 0.9],
      [1e-2, 30, 0.8],
    ]);
    const search = (narrows: boolean): SearchSpec => {
      const second = round({ name: 'fine', parameters: own, ...(narrows ? { narrow: between() } : {}) });
      return spec({ parameters, rounds: [round(), second] });
    };
    expect(opened(search(true), [before]).interval['lambda']).toEqual({ min: 2e-3, max: 1e-2 });
    expect(opened(search(false), [before]).interval['lambda']).toEqual({ min: 2e-3, max: 1 });
  });
});

describe('intervals across rounds', () => {
  it('pass through a round that only carries', () => {
    const search = spec({
      rounds: [
        round(),
        round({ name: 'fine', narrow: between() }),
        round({ name: 'check', method: 'none', trials: 0, carry: { best: 4 } }),
        round({ name: 'finer', narrow: between({ kind: 'around', best: 4, margin: 100 }) }),
        round({ name: 'again' }),
      ],
    });
    const finished = runSearch(search, ({ lambda }) => peak(lambda));
    const [, fine, check, finer, again] = finished;
    expect(check?.interval).toEqual({});
    // However wide the margin, the interval of the round that drew last is not left.
    expect(finer?.interval).toEqual(fine?.interval);
    expect(again?.interval).toEqual(fine?.interval);
  });

  it('never grow from round to round without widening', () => {
    const narrow = fc.record({
      kind: fc.constantFrom('between' as const, 'around' as const),
      best: fc.integer({ min: 2, max: 4 }),
      margin: fc.double({ min: 0, max: 1, noNaN: true }),
      widen: fc.constant(false),
    });
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.array(narrow, { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        (seed, narrows, carried) => {
          const later = narrows.map((rule, index) =>
            round({ name: `round ${index}`, narrow: rule, ...(carried === 0 ? {} : { carry: { best: carried } }) }),
          );
          const finished = runSearch(spec({ seed, rounds: [round(), ...later] }), ({ lambda }) => peak(lambda));
          for (const [index, { interval, trials }] of finished.entries()) {
            const { min, max } = interval['lambda']!;
            const drawn = trials
              .filter(({ carriedFrom }) => carriedFrom === 0)
              .map(({ parameters }) => Number(parameters['lambda']));
            expect(Math.min(...drawn)).toBeGreaterThanOrEqual(min);
            expect(Math.max(...drawn)).toBeLessThanOrEqual(max);
            const former = finished[index - 1];
            if (former === undefined) continue;
            // A carried value may lie outside what its round drew from, never outside what any round tried.
            const tried = former.trials.map(({ parameters }) => Number(parameters['lambda']));
            expect(min).toBeGreaterThanOrEqual(Math.min(former.interval['lambda']!.min, ...tried));
            expect(max).toBeLessThanOrEqual(Math.max(former.interval['lambda']!.max, ...tried));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of another kind of distribution are not handed on', () => {
    const own: Record<string, Distribution> = { lambda: { distribution: 'int_uniform', min: 1, max: 9 } };
    const search = spec({ rounds: [round({ parameters: own }), round({ name: 'again' })] });
    const first = finish(opened(search), () => ({ val_accuracy: 0.5 }));
    expect(first.interval).toEqual({ lambda: { min: 1, max: 9 } });
    expect(opened(search, [first]).interval).toEqual({ lambda: { min: 1e-5, max: 1e-1 } });
  });

  it('may follow from a list of numbers', () => {
    const own: Record<string, Distribution> = { lambda: { distribution: 'categorical', values: [1e-4, 1e-3, 1e-2] } };
    const search = spec({
      rounds: [round({ parameters: own, method: 'grid', trials: 3 }), round({ name: 'fine', narrow: between() })],
    });
    const first = finish(opened(search), ({ lambda }) => ({ val_accuracy: peak(lambda) }));
    // 1e-4 and 1e-2 score alike to the last digit or not: both are next to the best.
    expect(opened(search, [first]).interval['lambda']).toSatisfy(
      ({ min, max }: { min: number; max: number }) => (min === 1e-4 && max === 1e-3) || (min === 1e-3 && max === 1e-2),
    );
  });

  it('do not follow for a parameter that the round before did not vary', () => {
    const own: Record<string, Distribution> = { hidden: { distribution: 'int_uniform', min: 10, max: 100 } };
    const constant: Record<string, Distribution> = { hidden: { distribution: 'constant', value: 50 } };
    for (const former of [{}, constant]) {
      const search = spec({
        rounds: [round({ parameters: former }), round({ name: 'fine', parameters: own, narrow: between() })],
      });
      const first = finish(opened(search), ({ lambda }) => ({ val_accuracy: peak(lambda) }));
      expect(opened(search, [first]).interval['hidden']).toEqual({ min: 10, max: 100 });
    }
  });
});

describe('carried configurations', () => {
  it('keep their values where the round defines a parameter otherwise, and take its new constants', () => {
    const fixed: Record<string, Distribution> = {
      lambda: { distribution: 'constant', value: 0.5 },
      batch_size: { distribution: 'constant', value: 200 },
    };
    const search = spec({
      rounds: [round(), round({ name: 'fine', trials: 1, carry: { best: 1 }, parameters: fixed })],
    });
    const first = finish(opened(search), ({ lambda }) => ({ val_accuracy: peak(lambda) }));
    const { trials } = opened(search, [first]);
    expect(trials.map(({ parameters, carriedFrom }) => [parameters['batch_size'], carriedFrom === 0])).toEqual([
      [200, false],
      [200, true],
    ]);
    expect(first.trials.map(({ parameters }) => parameters['lambda'])).toContain(trials[0]?.parameters['lambda']);
    expect(trials[1]?.parameters['lambda']).toBe(0.5);
  });

  it('are as many as were ranked', () => {
    const search = spec({ rounds: [round(), round({ name: 'final', method: 'none', trials: 0, carry: { best: 5 } })] });
    const first = finish(opened(search), () => ({ val_accuracy: 0.5 }));
    const trials = first.trials.map((trial, index) => (index < 6 ? { ...trial, state: 'diverged' as const } : trial));
    expect(opened(search, [{ ...first, trials }]).trials.map(({ carriedFrom }) => carriedFrom)).toEqual([7, 8]);
  });

  it('are not drawn again', () => {
    const parameters: Record<string, Distribution> = { n: { distribution: 'int_uniform', min: 1, max: 10 } };
    const search = spec({ parameters, rounds: [round(), round({ name: 'fine', trials: 10, carry: { best: 4 } })] });
    const first = finish(opened(search), ({ n }) => ({ val_accuracy: Number(n) }));
    const ns = opened(search, [first]).trials.map((trial) => trial.parameters['n']);
    expect(ns).toHaveLength(10);
    expect(new Set(ns).size).toBe(10);
  });
});

describe('a round that cannot be opened', () => {
  const search = spec({ rounds: [round(), round({ name: 'fine', narrow: between(), carry: { best: 3 } })] });

  it('says that nothing was ranked, and why', () => {
    const first = finish(opened(search), () => ({ val_accuracy: 0.5 }));
    const trials = first.trials.map((trial, index) => ({
      ...trial,
      state: index < 7 ? ('diverged' as const) : ('completed' as const),
      metrics: {},
    }));
    expect(impossible(search, [{ ...first, trials }])).toBe(
      'round "fine" needs the best of round "coarse", but none of its configurations has a finite val_accuracy ' +
        '(trials: 7 diverged, 1 completed); change what "coarse" draws from or how its trials train',
    );
  });

  it('says which parameter has too few values, in which round, and what to do', () => {
    const one = roundOf('coarse', 'lambda', [[0.001, 0.5]]);
    expect(impossible(search, [one])).toBe(
      'round "fine" cannot narrow lambda by the best of round "coarse" (1 ranked): all its values are 0.001; ' +
        'give "coarse" more trials, or leave lambda out of narrow.parameters',
    );
  });

  it('does not need a ranking where it neither narrows nor carries', () => {
    const plain = spec({ rounds: [round(), round({ name: 'again' })] });
    const first = finish(opened(plain), () => ({ val_accuracy: Number.NaN }));
    expect(opened(plain, [first]).trials).toHaveLength(8);
  });

  it('says that the first round has nothing to go by', () => {
    expect(impossible(spec({ rounds: [round({ carry: { best: 1 } })] }), [])).toBe(
      'round "coarse" narrows or carries, but no round comes before it',
    );
  });
});
