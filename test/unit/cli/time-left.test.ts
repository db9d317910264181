import { describe, expect, it } from 'vitest';
import { SearchWork } from '../../../coordinator/cli/progress/search-work.js';
import { TimeLeft } from '../../../coordinator/cli/progress/time-left.js';
import { trialWork } from '../../../coordinator/cli/progress/trial-work.js';
import type { ProgressState } from '../../../coordinator/cli/progress/state.js';
import { middleOfSearch, round } from '../../support/progress-state.js';

/** One round of `total` trials of 10 epochs; some are done, some run. */
function state(
  done: number,
  total: number,
  epochs: readonly number[],
  threads = 1,
  beside: (index: number) => number = (index) => done + index + 1,
): ProgressState {
  return middleOfSearch({
    rounds: [round('r', 'open', done, total)],
    running: epochs.map((epoch, i) => ({
      trial: done + i + 1,
      attempt: 1,
      beside: beside(i),
      parameters: {},
      epoch,
      epochs: 10,
    })),
    threads,
  });
}

describe('the time left', () => {
  it('is not guessed before an epoch has finished', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(0, 4, [0]), 0);
    expect(left.leftMs(state(0, 4, [0]))).toBeUndefined();
    left.observe(state(0, 4, [0]), 60_000);
    expect(left.leftMs(state(0, 4, [0]))).toBeUndefined();
  });

  it('follows from finished epochs', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(0, 4, [0]), 0);
    const now = state(0, 4, [5]);
    left.observe(now, 5_000);
    expect(left.leftMs(now)).toBeCloseTo(35_000); // 3.5 trials of 10 s
  });

  it('shares the trials among the threads, but no trial', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(0, 4, [0, 0], 2), 0);
    const now = state(0, 4, [5, 5], 2);
    left.observe(now, 5_000);
    expect(left.leftMs(now)).toBeCloseTo(15_000);
    const last = state(3, 4, [0], 2);
    left.observe(last, 15_000);
    expect(left.leftMs(last)).toBeCloseTo(10_000);
  });

  it('of divided trials is shared by all threads, down to the last trial', () => {
    const left = new TimeLeft(new SearchWork([1]));
    const divided = (done: number, parts: readonly number[]) => {
      const plain = state(done, 4, parts, 2);
      return { ...plain, running: plain.running.map((trial) => ({ ...trial, inParts: true })) };
    };
    left.observe(divided(0, [0, 0]), 0);
    const now = divided(0, [5, 0]); // half a trial in 5 s of both threads
    left.observe(now, 5_000);
    expect(left.leftMs(now)).toBeCloseTo(35_000);
    const last = divided(3, [0]);
    left.observe(last, 30_000);
    expect(left.leftMs(last)).toBeCloseTo(10_000);
  });

  it('of trials side by side is that of their thread together, and other threads do not help', () => {
    const left = new TimeLeft(new SearchWork([1]));
    const together = () => 1;
    left.observe(state(0, 3, [0, 0, 0], 2, together), 0);
    const now = state(0, 3, [5, 5, 5], 2, together);
    left.observe(now, 9_000); // of one thread: 6 s a trial
    expect(left.leftMs(now)).toBeCloseTo(9_000);
  });

  it('counts trials that ended between two looks', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(0, 10, []), 0);
    const now = state(5, 10, []);
    left.observe(now, 10_000);
    expect(left.leftMs(now)).toBeCloseTo(10_000);
  });

  it('takes trials that were stopped early for whole ones: the others may be stopped as early', () => {
    const work = new SearchWork([1]);
    const left = new TimeLeft(work);
    left.observe(state(0, 4, [0]), 0);
    left.observe(state(0, 4, [2]), 2_000); // of 10 epochs
    const now = state(1, 4, [0]);
    left.observe(now, 3_000);
    expect(left.leftMs(now)).toBeCloseTo(9_000);
    expect(work.doneShare(now)).toBeCloseTo(1 / 4);
    expect(work.doneShare(state(4, 4, []))).toBe(1);
  });

  it('does not count as done what was done before it looked', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(8, 10, [5]), 0);
    const now = state(8, 10, [9]);
    left.observe(now, 4_000);
    expect(left.leftMs(now)).toBeCloseTo(11_000);
  });

  it('weighs the rounds to come by their length', () => {
    const left = new TimeLeft(new SearchWork([100, 300]));
    const at = (done: number): ProgressState =>
      middleOfSearch({
        rounds: [round('a', 'open', done, 4), round('b', 'waiting', 0, 2)],
        running: [],
        threads: 1,
      });
    left.observe(at(0), 0);
    left.observe(at(2), 20_000);
    expect(left.leftMs(at(2))).toBeCloseTo(20_000 + 2 * 30_000);
  });

  it('says nothing while there are no workers', () => {
    const left = new TimeLeft(new SearchWork([1]));
    left.observe(state(0, 4, [0]), 0);
    const now = state(2, 4, []);
    left.observe(now, 10_000);
    expect(left.leftMs({ ...now, threads: 0 })).toBeUndefined();
  });
});

describe("a trial's work", () => {
  const trial = {
    kind: 'two-layer',
    dataset: { name: 'd', train: 1000, validation: 100 },
    batch_size: 100,
    learning_rate: { schedule: 'triangular', min: 0.001, max: 0.1, step_size: { epochs: 2 } },
  };

  it('is the records that its training goes through', () => {
    expect(trialWork({ ...trial, cycles: 3 })).toBe(3 * 2 * 2 * 1000);
    expect(trialWork({ ...trial, epochs: 5 })).toBe(5000);
    const steps = { ...trial.learning_rate, step_size: { steps: 25 } };
    expect(trialWork({ ...trial, learning_rate: steps, cycles: 1 })).toBe(2 * 25 * 100);
  });

  it('is unknown where a parameter decides it', () => {
    expect(trialWork({ ...trial, dataset: { name: 'd', validation: 100 }, epochs: 1 })).toBeUndefined();
    expect(trialWork({ ...trial, learning_rate: { schedule: 'triangular' }, cycles: 1 })).toBeUndefined();
    expect(trialWork({ ...trial })).toBeUndefined();
  });

  it('does not depend on the rates, which a parameter may give', () => {
    const { schedule, step_size } = trial.learning_rate;
    expect(trialWork({ ...trial, learning_rate: { schedule, step_size }, cycles: 3 })).toBe(3 * 2 * 2 * 1000);
    expect(trialWork({ ...trial, learning_rate: { schedule: 'constant' }, epochs: 5 })).toBe(5000);
  });
});

describe('the share that is done', () => {
  const search = (...rounds: ProgressState['rounds']): ProgressState => middleOfSearch({ rounds, running: [] });

  it('counts work, not trials', () => {
    // Eight short trials and a long one.
    const work = new SearchWork([1, 24]);
    expect(work.doneShare(search(round('a', 'open', 4, 8), round('b', 'waiting', 0, 1)))).toBe(4 / 32);
    expect(work.doneShare(search(round('a', 'closed', 8, 8), round('b', 'open', 0, 1)))).toBe(8 / 32);
    expect(work.doneShare(search(round('a', 'closed', 8, 8), round('b', 'closed', 1, 1)))).toBe(1);
  });

  it('counts the epochs of running trials, but none as done before its end', () => {
    const work = new SearchWork([1]);
    expect(work.doneShare(state(1, 4, [5, 5]))).toBe(0.5);
    expect(work.doneShare(state(3, 4, [10]))).toBeLessThan(1);
  });
});
