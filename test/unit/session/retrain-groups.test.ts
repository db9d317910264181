import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { TINY_DATA } from '../../support/search-fixtures.js';
import { threadGroups } from '../../../worker/session/retrain-groups.js';

const limits = { sideBySide: 4, sideBySideBytes: 0, datasets: [TINY_DATA] };

function trial(seed: number, changes: object = {}) {
  const config = {
    kind: 'two-layer',
    dataset: { name: 'tiny', train: 80, validation: 20 },
    hidden: 4,
    batch_size: 10,
    learning_rate: { schedule: 'constant', value: 0.1 },
    epochs: 1,
    ...changes,
  };
  return { configJson: JSON.stringify(config), seed, datasetSha256: TINY_DATA.sha256, specSha256: '' };
}

it('gives every trial to one thread, and lays together only what sees the same mini-batches', () => {
  const some = fc.record({ seed: fc.integer({ min: 1, max: 2 }), batch: fc.constantFrom(10, 20) });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (drawn, threads) => {
      const trials = drawn.map(({ seed, batch }) => trial(seed, { batch_size: batch }));
      const groups = threadGroups(trials, { ...limits, threads });
      expect(groups.flat().sort((a, b) => a - b)).toEqual(trials.map((_, index) => index));
      for (const group of groups) {
        expect(group.length).toBeLessThanOrEqual(4);
        const { seed, batch } = drawn[group[0]!]!;
        for (const index of group) expect(drawn[index]).toEqual({ seed, batch });
      }
      // Work for every thread before any has more than one trial.
      expect(groups.length).toBeGreaterThanOrEqual(Math.min(threads, trials.length));
    }),
  );
});

it('lays no more together than the caches bear', () => {
  const trials = [trial(1), trial(1), trial(1, { hidden: 40 }), trial(1)];
  const weights = (4 * 4 + 4 * 3) * 4;
  expect(threadGroups(trials, { ...limits, threads: 1, sideBySideBytes: 2 * weights })).toEqual([[0, 1], [2], [3]]);
});

it('leaves alone what cannot be read, is not here, or is divided among all threads', () => {
  const divided = { kind: 'gradient-check', dataset: { name: 'tiny', train: 80 }, samples: { count: 2 } };
  const trials = [
    { ...trial(1), configJson: '{' },
    { ...trial(1), datasetSha256: 'elsewhere' },
    { ...trial(1), configJson: JSON.stringify(divided) },
    trial(1),
    trial(1),
  ];
  expect(threadGroups(trials, { ...limits, threads: 1 })).toEqual([[0], [1], [2], [3, 4]]);
});
