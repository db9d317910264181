import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOfSearch, rankConfigurations } from '../../../coordinator/search/ranking.js';
import type { FinishedTrial } from '../../../coordinator/search/round.js';
import type { EndedTrialState, Metric } from '../../../proto/domain.js';
import { roundOf } from './fixtures.js';

const accuracy: Metric = { name: 'val_accuracy', goal: 'maximize' };
const loss: Metric = { name: 'val_loss', goal: 'minimize' };

function trial(number: number, score: number, overrides: Partial<FinishedTrial> = {}): FinishedTrial {
  return {
    number,
    parameters: { lambda: number },
    seed: 7,
    config: {},
    configuration: number,
    carriedFrom: 0,
    state: 'completed',
    metrics: { val_accuracy: score, val_loss: score },
    ...overrides,
  };
}

const numbers = (trials: readonly FinishedTrial[], metric: Metric): number[] =>
  rankConfigurations(trials, metric).map(({ trials: [first] }) => first?.number ?? 0);

describe('rankConfigurations', () => {
  it('puts the best first by the goal', () => {
    const trials = [trial(1, 0.3), trial(2, 0.5), trial(3, 0.1)];
    expect(numbers(trials, accuracy)).toEqual([2, 1, 3]);
    expect(numbers(trials, loss)).toEqual([3, 1, 2]);
  });

  it('puts the lower trial number first where scores are equal, 0 and -0 among them', () => {
    expect(numbers([trial(4, 0.5), trial(2, 0.5), trial(3, 0.5)], accuracy)).toEqual([2, 3, 4]);
    expect(numbers([trial(4, 0), trial(2, -0), trial(3, 0)], loss)).toEqual([2, 3, 4]);
  });

  it('does not depend on the order in which trials ended', () => {
    const score = fc.constantFrom(0.1, 0.25, 0.5, Number.NaN, Infinity);
    const trials = fc.array(score, { minLength: 1, maxLength: 12 }).map((scores) =>
      // Repeats of two; a state other than completed here and there.
      scores.map((value, index) =>
        trial(index + 1, value, {
          configuration: Math.floor(index / 2),
          state: index % 5 === 4 ? 'diverged' : 'completed',
        }),
      ),
    );
    fc.assert(
      fc.property(
        trials.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(rankConfigurations(shuffled, accuracy)).toEqual(rankConfigurations(list, accuracy));
        },
      ),
    );
  });

  it.each([Number.NaN, Infinity, -Infinity])('leaves out a trial whose metric is %s', (value) => {
    expect(numbers([trial(1, value), trial(2, 0.1)], accuracy)).toEqual([2]);
    expect(numbers([trial(1, value), trial(2, 0.1)], loss)).toEqual([2]);
  });

  it('leaves out what did not complete, however good', () => {
    const others: EndedTrialState[] = ['diverged', 'pruned', 'failed', 'cancelled'];
    const trials = others.map((state, index) => trial(index + 1, 0.9, { state }));
    expect(numbers([...trials, trial(5, 0.1)], accuracy)).toEqual([5]);
  });

  it('leaves out a trial without the metric', () => {
    expect(numbers([trial(1, 0.9, { metrics: { train_accuracy: 1 } }), trial(2, 0.1)], accuracy)).toEqual([2]);
    expect(rankConfigurations([trial(1, 0.9, { metrics: {} })], accuracy)).toEqual([]);
  });

  it('ranks repeats by their mean', () => {
    const repeat = (number: number, configuration: number, score: number): FinishedTrial =>
      trial(number, score, { configuration, parameters: { lambda: configuration } });
    const trials = [repeat(1, 0, 0.9), repeat(2, 0, 0.1), repeat(3, 1, 0.5), repeat(4, 1, 0.75)];
    const ranked = rankConfigurations(trials, accuracy);
    expect(ranked.map(({ configuration, score }) => [configuration, score])).toEqual([
      [1, 0.625],
      [0, 0.5],
    ]);
    expect(ranked[0]?.trials.map(({ number }) => number)).toEqual([3, 4]);
  });

  it('leaves out a configuration of which one repeat diverged', () => {
    const trials = [
      trial(1, 0.9, { configuration: 0 }),
      trial(2, 0.9, { configuration: 0, state: 'diverged' }),
      trial(3, 0.2, { configuration: 1 }),
      trial(4, 0.2, { configuration: 1 }),
    ];
    expect(numbers(trials, accuracy)).toEqual([3]);
  });
});

describe('bestOfSearch', () => {
  const coarse = roundOf('coarse', 'lambda', [
    [0.1, 0.4],
    [0.2, 0.9],
  ]);

  it('is the best of the last round that has the metric, though an earlier round had better', () => {
    const fine = roundOf('fine', 'lambda', [
      [0.3, 0.5],
      [0.4, 0.6],
    ]);
    const found = bestOfSearch(accuracy, [coarse, fine]);
    expect([found?.round.name, found?.best.parameters]).toEqual(['fine', { lambda: 0.4 }]);
  });

  it('passes over a round that has not got it, or not yet', () => {
    const without = roundOf('fine', 'lambda', []);
    expect(bestOfSearch(accuracy, [coarse, without])?.round.name).toBe('coarse');
    expect(bestOfSearch({ name: 'test_accuracy', goal: 'maximize' }, [coarse, without])).toBeUndefined();
    expect(bestOfSearch(accuracy, [])).toBeUndefined();
  });
});
