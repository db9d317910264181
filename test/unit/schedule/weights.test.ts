import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newTrial, type Trial } from '../../../coordinator/schedule/trial.js';
import { KeptWeights } from '../../../coordinator/schedule/weights.js';
import { bestOfSearch } from '../../../coordinator/search/ranking.js';
import { isBetter, type Goal, type SearchSpec } from '../../../proto/domain.js';
import { plannedTrial, searchSpec } from '../../support/search-fixtures.js';

function round(count: number, repeats = 1, first = 1): Trial[] {
  return Array.from({ length: count * repeats }, (_, i) => {
    const { number, ...planned } = plannedTrial(first + i);
    return newTrial({ ...planned, configuration: Math.floor(i / repeats) }, number);
  });
}

/** Ends a trial and drops what is to be dropped; their numbers. */
function end(kept: KeptWeights, trial: Trial, score: number, state: Trial['state'] = 'completed'): number[] {
  Object.assign(trial, { state, metrics: { val_accuracy: score }, weightsBlob: `blob ${trial.number}` });
  const dropped = kept.ended(trial);
  for (const other of dropped) other.weightsBlob = '';
  return dropped.map(({ number }) => number);
}

/** Place of a double among all doubles; 0 and -0 share theirs. */
function rank(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  return value < 0 ? -bits.getBigInt64(0) : bits.getBigInt64(0);
}

describe('which weights are kept', () => {
  it('follows the file', () => {
    for (const [keepWeights, keep] of [
      ['all', 'always'],
      ['none', 'never'],
    ] as const) {
      const kept = new KeptWeights(searchSpec({ keepWeights }));
      const trials = round(2);
      kept.roundOpened(trials);
      expect(kept.policy(1)).toEqual({ keep });
      expect(end(kept, trials[0]!, 0.5)).toEqual([]);
      expect(end(kept, trials[1]!, 0.6)).toEqual([]);
    }
  });

  it('asks for what is better than the best so far, and of a lower trial for what is as good', () => {
    const kept = new KeptWeights(searchSpec());
    const trials = round(3);
    kept.roundOpened(trials);
    const open = { keep: 'if-better', metric: 'val_accuracy', goal: 'maximize', score: undefined };
    expect(kept.policy(2)).toEqual(open);
    expect(end(kept, trials[1]!, 0.5)).toEqual([]);
    expect(kept.policy(3)).toEqual({ ...open, score: 0.5 });
    const lower = kept.policy(1);
    expect(lower).toMatchObject({ keep: 'if-better' });
    if (lower.keep !== 'if-better' || lower.score === undefined) throw new Error('no score');
    expect(lower.score).toBeLessThan(0.5);
    expect(lower.score).toBeGreaterThan(0.4999999999999999 - 1e-16);
    expect(end(kept, trials[0]!, 0.5)).toEqual([2]);
    expect(end(kept, trials[2]!, 0.4)).toEqual([3]);
  });

  it('holds the tie rule for any score, and lets nothing worse in', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom<Goal>('maximize', 'minimize'),
        (score, goal) => {
          const kept = new KeptWeights(searchSpec({ metric: { name: 'val_accuracy', goal } }));
          const trials = round(2);
          kept.roundOpened(trials);
          end(kept, trials[1]!, score);
          const policy = kept.policy(1);
          if (policy.keep !== 'if-better' || policy.score === undefined) throw new Error('no score');
          expect(isBetter(goal, score, policy.score)).toBe(true);
          expect(rank(score) - rank(policy.score)).toBe(goal === 'maximize' ? 1n : -1n); // nothing lies between
        },
      ),
    );
  });

  it('is the best of the last round that has the metric', () => {
    const kept = new KeptWeights(searchSpec());
    const coarse = round(2);
    kept.roundOpened(coarse);
    end(kept, coarse[0]!, 0.9);
    end(kept, coarse[1]!, 0.1);
    const fine = round(2, 1, 3);
    kept.roundOpened(fine);
    expect(kept.policy(3)).toMatchObject({ score: undefined });
    expect(end(kept, fine[0]!, NaN, 'diverged')).toEqual([3]); // the coarse best is kept still
    expect(end(kept, fine[1]!, 0.2)).toEqual([1]);
  });

  it('waits for all repeats of a configuration', () => {
    const kept = new KeptWeights(searchSpec({ trainingSeeds: [1, 2] }));
    const trials = round(2, 2);
    kept.roundOpened(trials);
    expect(kept.policy(1)).toEqual({ keep: 'always' });
    expect(end(kept, trials[0]!, 0.9)).toEqual([]);
    expect(end(kept, trials[2]!, 0.6)).toEqual([]);
    expect(end(kept, trials[3]!, 0.6)).toEqual([]); // mean 0.6, the other may still be better
    expect(end(kept, trials[1]!, 0.1)).toEqual([1, 2]); // mean 0.5
  });

  it('is at the end what the search calls its best, whatever order trials end in', () => {
    const scores = fc.array(fc.constantFrom(0.1, 0.5, 0.9, NaN), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 2 }), fc.infiniteStream(fc.nat()), (drawn, repeats, order) => {
        const spec: SearchSpec = searchSpec({ trainingSeeds: [1, 2].slice(0, repeats) });
        const kept = new KeptWeights(spec);
        const trials = round(Math.max(1, Math.floor(drawn.length / repeats)), repeats);
        kept.roundOpened(trials);
        const left = [...trials];
        while (left.length > 0) {
          const index = order.next().value % left.length;
          const [trial] = left.splice(index, 1);
          const score = drawn[trial!.number - 1] ?? NaN;
          end(kept, trial!, score, Number.isNaN(score) ? 'diverged' : 'completed');
        }
        const finished = { index: 0, name: 'coarse', method: 'random', interval: {}, trials: trials as never };
        const best = bestOfSearch(spec.metric, [finished])?.best.trials.map(({ number }) => number) ?? [];
        expect(trials.filter(({ weightsBlob }) => weightsBlob !== '').map(({ number }) => number)).toEqual(best);
      }),
    );
  });
});
