import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawValue } from '../../../coordinator/search/distribution.js';
import type { NumericDistribution } from '../../../coordinator/search/distribution.js';
import type { Distribution, SearchSpec } from '../../../proto/domain.js';
import { parameterDraw } from '../../../proto/seed.js';
import { hasPython, runPython } from '../../support/python.js';
import { opened, round, spec } from './fixtures.js';

const arbitrarySeed = fc.maxSafeNat();

function configurations(search: SearchSpec): unknown[] {
  return opened(search).trials.map(({ parameters }) => parameters);
}

const three: Record<string, Distribution> = {
  lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 },
  batch_size: { distribution: 'q_uniform', min: 50, max: 200, q: 10 },
  hidden: { distribution: 'int_uniform', min: 20, max: 80 },
};

describe('random rounds', () => {
  it('draw what they have always drawn', () => {
    expect(configurations(spec({ parameters: three, rounds: [round({ trials: 3 })] }))).toEqual([
      { batch_size: 150, hidden: 29, lambda: 0.0003934238708455684 },
      { batch_size: 60, hidden: 58, lambda: 0.00023364705737285622 },
      { batch_size: 70, hidden: 22, lambda: 0.000016602064083175996 },
    ]);
  });

  it('draw the same for the same seed, and other values for another', () => {
    fc.assert(
      fc.property(arbitrarySeed, arbitrarySeed, (seed, other) => {
        fc.pre(seed !== other);
        expect(opened(spec({ seed }))).toEqual(opened(spec({ seed })));
        const values = new Set(
          [...configurations(spec({ seed })), ...configurations(spec({ seed: other }))].map((c) => JSON.stringify(c)),
        );
        expect(values.size).toBe(16);
      }),
      { numRuns: 30 },
    );
  });

  it('draw each trial alone: more trials, other parameters or another order of the file change none', () => {
    const few = configurations(spec({ parameters: three, rounds: [round({ trials: 5 })] })) as { lambda: number }[];
    const many = configurations(spec({ parameters: three, rounds: [round({ trials: 40 })] }));
    expect(many.slice(0, 5)).toEqual(few);
    const turned = Object.fromEntries(Object.entries(three).toReversed());
    expect(configurations(spec({ parameters: turned, rounds: [round({ trials: 5 })] }))).toEqual(few);
    const { lambda } = three;
    const alone = configurations(spec({ parameters: { lambda: lambda! }, rounds: [round({ trials: 5 })] }));
    expect(alone).toEqual(few.map((parameters) => ({ lambda: parameters.lambda })));
  });

  it('draw every round from values of its own', () => {
    const search = spec({ rounds: [round(), round({ name: 'again' })] });
    const first = opened(search);
    const second = opened(search, [{ ...first, trials: [] }]);
    const values = [...first.trials, ...second.trials].map(({ parameters }) => parameters['lambda']);
    expect(new Set(values).size).toBe(16);
  });

  it('have no configuration twice, and stop when the space is used up', () => {
    const values = ['relu', 'tanh', 'identity'];
    const search = spec({
      parameters: { activation: { distribution: 'categorical', values } },
      rounds: [round({ trials: 8 })],
    });
    const drawn = opened(search).trials.map(({ parameters }) => parameters['activation']);
    expect(drawn).toHaveLength(3);
    expect(new Set(drawn)).toEqual(new Set(values));
  });

  it('fill a space of just as many configurations as asked for', () => {
    fc.assert(
      fc.property(arbitrarySeed, fc.integer({ min: 1, max: 30 }), (seed, size) => {
        const parameters: Record<string, Distribution> = { n: { distribution: 'int_uniform', min: 1, max: size } };
        const drawn = opened(spec({ seed, parameters, rounds: [round({ trials: size })] })).trials.map(
          ({ parameters: { n } }) => Number(n),
        );
        expect(drawn.toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, index) => index + 1));
      }),
      { numRuns: 50 },
    );
  });

  it('draw again with the next retry', () => {
    const n: Distribution = { distribution: 'int_uniform', min: 1, max: 20 };
    const { trials } = opened(spec({ seed: 3, parameters: { n }, rounds: [round({ trials: 20 })] }));
    const taken: unknown[] = [];
    let retries = 0;
    for (let index = 0; index < 20; index++) {
      let retry = 0;
      const draw = (): unknown => drawValue(n, parameterDraw(3, 0, index, 'n', retry));
      while (taken.includes(draw())) retry += 1;
      retries += retry;
      taken.push(draw());
    }
    expect(trials.map(({ parameters }) => parameters['n'])).toEqual(taken);
    expect(retries).toBeGreaterThan(10);
  });

  it('of constants only have one configuration', () => {
    expect(opened(spec({ parameters: {} })).trials).toHaveLength(1);
    const constant: Distribution = { distribution: 'constant', value: 0.01 };
    const { trials, interval } = opened(spec({ parameters: { lambda: constant } }));
    expect(trials.map(({ parameters }) => parameters)).toEqual([{ lambda: 0.01 }]);
    expect(interval).toEqual({});
  });
});

describe("Python's draws", () => {
  const TOLERANCE = 1e-12;

  it.skipIf(!hasPython)('are ours', () => {
    const kinds: NumericDistribution[] = [
      { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 },
      { distribution: 'log_uniform_values', min: 3e-300, max: 2e200 },
      { distribution: 'uniform', min: -2.5, max: 7 },
      { distribution: 'int_uniform', min: -3, max: 1000 },
      { distribution: 'q_uniform', min: 0, max: 4, q: 0.25 },
      { distribution: 'q_log_uniform_values', min: 16, max: 512, q: 16 },
    ];
    const asked = kinds.flatMap((distribution, kind) =>
      [0, 42, Number.MAX_SAFE_INTEGER].flatMap((seed) =>
        Array.from({ length: 50 }, (_, index) => ({
          ...distribution,
          seed,
          index,
          round: kind % 3,
          retry: index % 2,
          parameter: 'learning_rate.max',
        })),
      ),
    );
    const script = fileURLToPath(new URL('recompute_draws.py', import.meta.url));
    const recomputed = runPython(script, asked) as { u: number; value: number }[];
    expect(recomputed).toHaveLength(asked.length);
    for (const [at, draw] of asked.entries()) {
      const u = parameterDraw(draw.seed, draw.round, draw.index, draw.parameter, draw.retry);
      expect(recomputed[at]?.u).toBe(u);
      const value = drawValue(draw, u) as number;
      const difference = Math.abs(value - (recomputed[at]?.value ?? Number.NaN));
      expect(difference).toBeLessThanOrEqual(TOLERANCE * Math.abs(value));
    }
  });
});
