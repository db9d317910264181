import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstDifference } from '../../../../coordinator/report/verify/values.js';
import type { Json } from '../../../../proto/canonical.js';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

it('finds nothing between equal values, and something between others', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(firstDifference(a, structuredClone(a))).toBeUndefined();
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)) && !hasNegativeZero([a, b]);
      if (!hasNegativeZero([a, b])) expect(firstDifference(a, b) === undefined).toBe(same);
    }),
  );
});

it('names the first place, in the order of keys and of lists', () => {
  const rounds: Json[] = [{ name: 'a', trials: 3 }, { name: 'b' }];
  const a: Json = { rounds, seed: 7 };
  expect(firstDifference(a, { ...a, rounds: [{ name: 'a', trials: 4 }, { name: 'c' }], seed: 8 })).toEqual({
    path: 'rounds.0.trials',
    a: 3,
    b: 4,
  });
  expect(firstDifference(a, { ...a, rounds: [rounds[0]!] })).toEqual({
    path: 'rounds.1',
    a: { name: 'b' },
    b: undefined,
  });
  const long = Array.from({ length: 12 }, (_, i) => i);
  const changed = long.with(2, -1).with(10, -1);
  expect(firstDifference(long, changed)?.path).toBe('2');
});

it('tells types apart, a list from a map, a key from what every object inherits, and one bit of a number', () => {
  expect(firstDifference(1, '1')).toBeDefined();
  expect(firstDifference(null, undefined)).toBeDefined();
  expect(firstDifference([], {})).toBeDefined();
  expect(firstDifference({}, { toString: 1 })).toEqual({ path: 'toString', a: undefined, b: 1 });
  expect(firstDifference({ x: 0.1 }, { x: 0.1 + 2 ** -56 })).toEqual({ path: 'x', a: 0.1, b: 0.1 + 2 ** -56 });
  expect(firstDifference(0, -0)).toBeDefined();
});

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [key, sorted(value[key]!)]).concat([['map']]);
}

function hasNegativeZero(value: Json): boolean {
  if (typeof value === 'number') return Object.is(value, -0);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNegativeZero);
}
