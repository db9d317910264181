import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTrials } from '../../../../coordinator/report/verify/choice.js';
import { sha256Hex } from '../../../../proto/canonical.js';
import { recorded, recordedTrial } from '../../../support/recorded.js';

const trials = Array.from({ length: 20 }, (_, index) => recordedTrial(index + 1));
const search = recorded(trials, { best: 13 });
const numbers = (chosen: readonly { number: number }[]): number[] => chosen.map(({ number }) => number);

describe('a sample', () => {
  it('has the best trial, no trial twice, in trial order, and is drawn by the digest', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 20 }),
        (text, sample, best) => {
          const of = recorded(trials, { best, resultDigest: sha256Hex(text) });
          const chosen = numbers(chooseTrials(of, { sample }));
          expect(chosen).toHaveLength(Math.min(sample, 20));
          expect(chosen).toContain(best);
          expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
          expect(numbers(chooseTrials({ ...of, id: 'another id' }, { sample }))).toEqual(chosen);
        },
      ),
    );
  });

  it('is another for another digest, and in the long run has every trial alike', () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 2000; i++) {
      const chosen = chooseTrials(recorded(trials, { best: 13, resultDigest: sha256Hex(String(i)) }), { sample: 3 });
      for (const { number } of chosen) counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    expect(counts.get(13)).toBe(2000);
    counts.delete(13);
    // Two of nineteen, two thousand times: 210.5 each, with a deviation of 13.7.
    expect(counts.size).toBe(19);
    for (const count of counts.values()) expect(Math.abs(count - 210.5)).toBeLessThan(5 * 13.7);
  });

  it('is this one of this digest', () => {
    expect(numbers(chooseTrials(search, { sample: 3 }))).toEqual([13, 14, 18]);
  });

  it('has none without results, and is drawn by the specification where there is no digest', () => {
    const some = trials.map((trial, index) => (index % 2 === 0 ? { ...trial, state: 'cancelled' as const } : trial));
    const of = recorded(some, { best: undefined, state: 'cancelled', resultDigest: '' });
    const chosen = numbers(chooseTrials(of, { sample: 4 }));
    expect(chosen).toHaveLength(4);
    expect(chosen.every((number) => number % 2 === 0)).toBe(true);
    expect(numbers(chooseTrials({ ...of, specSha256: '00' }, { sample: 4 }))).not.toEqual(chosen);
    expect(chooseTrials(recorded([]), { sample: 3 })).toEqual([]);
  });
});

it('all are those with results, diverged ones among them', () => {
  const of = recorded([
    recordedTrial(1),
    recordedTrial(2, { state: 'diverged' }),
    recordedTrial(3, { state: 'failed' }),
    recordedTrial(4, { state: 'cancelled' }),
  ]);
  expect(numbers(chooseTrials(of, 'all'))).toEqual([1, 2]);
});

describe('trials by number', () => {
  it('are each there once, in trial order', () => {
    expect(numbers(chooseTrials(search, { numbers: [7, 2, 7] }))).toEqual([2, 7]);
  });

  it('that are not there, or have no results, are refused with the mend', () => {
    const refused = (of: typeof search, wanted: number) => () => chooseTrials(of, { numbers: [wanted] });
    expect(refused(search, 21)).toThrowError(
      expect.objectContaining({
        code: 'TRIAL_NOT_FOUND',
        message: 'the search has no trial 21',
        mend: 'it has trials 1 to 20',
      }),
    );
    expect(refused(recorded([]), 1)).toThrowError(expect.objectContaining({ mend: 'it has none' }));
    expect(refused(recorded([recordedTrial(1, { state: 'failed' })]), 1)).toThrowError(
      expect.objectContaining({ code: 'TRIAL_NOT_FOUND', message: 'trial 1 failed: it has no results to verify' }),
    );
  });
});
