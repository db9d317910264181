import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest } from '../../../proto/closest.js';

const NAMES = ['fashion-mnist-mini', 'cifar10', 'fashion-mnist', 'mnist'];

describe('closest', () => {
  it.each([
    ['cifar', 'cifar10'],
    ['CIFAR-10', 'cifar10'],
    ['cfiar10', 'cifar10'],
    ['minst', 'mnist'],
    ['fashion_mnist', 'fashion-mnist'],
    ['fashion-mnist-min', 'fashion-mnist-mini'],
    ['fashion', 'fashion-mnist-mini'],
  ])('%s means %s', (word, meant) => {
    expect(closest(word, NAMES)).toBe(meant);
  });

  it.each(['imagenet', 'x', 'fa', ''])('%j means none of them', (word) => {
    expect(closest(word, NAMES)).toBeUndefined();
  });

  it('finds a name through any one slip, and of equals takes the first', () => {
    const slip = fc.tuple(fc.constantFrom(...NAMES), fc.nat(30), fc.constantFrom('drop', 'double', 'change', 'swap'));
    fc.assert(
      fc.property(slip, ([name, position, kind]) => {
        const at = position % (name.length - 1);
        const [before, here, next, after] = [name.slice(0, at), name[at] ?? '', name[at + 1] ?? '', name.slice(at + 2)];
        const slips: Record<typeof kind, string> = {
          drop: before + next + after,
          double: before + here + here + next + after,
          change: `${before}?${next}${after}`,
          swap: before + next + here + after,
        };
        expect(closest(slips[kind], NAMES)).toBe(name);
      }),
    );
    expect(closest('ac', ['ab', 'ad'])).toBeUndefined();
    expect(closest('abcd', ['abce', 'abcf'])).toBe('abce');
  });
});
