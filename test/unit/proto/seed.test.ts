import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSeed, generator, MAX_SEED, parameterDraw, trainingSeed } from '../../../proto/seed.js';
import { hasPython, runPython } from '../../support/python.js';

const arbitrarySeed = fc.oneof(fc.maxSafeNat(), fc.constant(0), fc.constant(MAX_SEED));

describe('deriveSeed', () => {
  it('is what it has always been', () => {
    expect(deriveSeed(42)).toBe(3957854007015646);
    expect(deriveSeed(0, 'train', 0)).toBe(2576704289311660);
    expect(deriveSeed(MAX_SEED, 'parameter', 2, 7, 0, 'learning_rate.max')).toBe(6546802849025116);
  });

  it('gives whole numbers 0 .. 2^53 - 1', () => {
    fc.assert(
      fc.property(arbitrarySeed, fc.string(), fc.nat(), (seed, name, index) => {
        const derived = deriveSeed(seed, name, index);
        expect(Number.isSafeInteger(derived) && derived >= 0).toBe(true);
      }),
    );
  });

  it('gives another seed for another part', () => {
    const parts = [
      [42],
      [43],
      [42, 'train'],
      [42, 'train', 0],
      [42, 'train', 1],
      [42, 'parameter', 0, 1, 0, 'x'],
      [42, 'parameter', 1, 0, 0, 'x'],
      [42, 'parameter', 0, 0, 1, 'x'],
      [42, 'parameter', 0, 0, 0, 'x'],
      [42, 'parameter', 0, 0, 0, 'y'],
    ] as const;
    expect(new Set(parts.map(([seed, ...rest]) => deriveSeed(seed, ...rest))).size).toBe(parts.length);
  });

  it.skipIf(!hasPython)("agrees with Python's hashlib", () => {
    const part = fc.oneof(fc.nat(), fc.string({ unit: 'grapheme' }));
    const asked = fc.sample(fc.tuple(arbitrarySeed, fc.array(part, { maxLength: 5 })), { numRuns: 500, seed: 1 });
    const script = fileURLToPath(new URL('recompute_seeds.py', import.meta.url));
    const recomputed = runPython(
      script,
      asked.map(([seed, parts]) => [seed, ...parts]),
    );
    expect(asked.map(([seed, parts]) => deriveSeed(seed, ...parts))).toEqual(recomputed);
  });
});

describe('trainingSeed', () => {
  it('is one for all trials of a search, another for each repeat', () => {
    expect(trainingSeed(42, 0)).toBe(deriveSeed(42, 'train', 0));
    expect(trainingSeed(42, 0)).not.toBe(trainingSeed(42, 1));
    expect(trainingSeed(42, 0)).toBe(8410981335823993);
  });
});

describe('parameterDraw', () => {
  it('is what it has always been', () => {
    expect(parameterDraw(42, 0, 0, 'lambda', 0)).toBe(0.39871517675932466);
    expect(parameterDraw(0, 1, 7, 'batch_size', 3)).toBe(0.699980508076139);
  });

  it('lies in [0, 1) and holds all of the 53 bits', () => {
    fc.assert(
      fc.property(
        arbitrarySeed,
        fc.nat(50),
        fc.nat(1000),
        fc.string(),
        fc.nat(5),
        (seed, round, index, name, retry) => {
          const u = parameterDraw(seed, round, index, name, retry);
          expect(u).toBeGreaterThanOrEqual(0);
          expect(u).toBeLessThan(1);
          expect(u * 2 ** 53).toBe(deriveSeed(seed, 'parameter', round, index, retry, name));
        },
      ),
    );
  });
});

describe('generator', () => {
  it('is what it has always been', () => {
    const draws = generator(42, 'init');
    expect([draws.next(), draws.next(), draws.double()]).toEqual([
      0.3443600123282522, 0.011893080081790686, 0.16574359751121526,
    ]);
  });

  it('has a stream of its own for each purpose', () => {
    const first = (...purpose: (string | number)[]): number => generator(42, ...purpose).next();
    expect(new Set([first('init'), first('order', 1), first('order', 2)]).size).toBe(3);
    expect(first('order', 1)).toBe(first('order', 1));
  });

  it('draws multiples of 2^-32 and 2^-53 in [0, 1)', () => {
    fc.assert(
      fc.property(arbitrarySeed, (seed) => {
        const stream = generator(seed, 'test');
        const next = stream.next();
        const double = stream.double();
        expect(next >= 0 && next < 1 && Number.isInteger(next * 2 ** 32)).toBe(true);
        expect(double >= 0 && double < 1 && Number.isInteger(double * 2 ** 53)).toBe(true);
      }),
    );
  });
});
