import { describe, expect, it } from 'vitest';
import { SearchSequence } from '../../../coordinator/cli/progress/sequence.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchState__Output } from '../../../proto/generated/vernier/v1/SearchState.js';
import { middleOfSearch, round } from '../../support/progress-state.js';
import { roundSpec, searchSpec } from '../../support/search-fixtures.js';
import { detail, round as wireRound, trial } from '../report/fixtures.js';

/** Trials of so many epochs of 80 records. */
const training = (epochs: number) => ({ trial: { ...roundSpec().trial, batch_size: 20, epochs } });
const oneRound = searchSpec({ name: 'first', rounds: [roundSpec({ name: 'search', trials: 1, ...training(1) })] });
const twoRounds = searchSpec({
  name: 'second',
  rounds: [roundSpec(training(2)), roundSpec({ name: 'fine', trials: 2, carry: { best: 1 }, ...training(3) })],
});

function submitted(
  id: string,
  state: SearchState__Output,
  rounds: SearchDetail__Output['rounds'],
): SearchDetail__Output {
  const found = detail(rounds, { best: null });
  return { ...found, search: { ...found.search!, id, name: id, state } };
}

function sequence(): SearchSequence {
  return new SearchSequence(
    [
      {
        spec: oneRound,
        detail: submitted('first', 'SEARCH_COMPLETED', [wireRound([trial(1, {}, {})], { name: 'search' })]),
      },
      {
        spec: twoRounds,
        detail: submitted('second', 'SEARCH_RUNNING', [
          wireRound([trial(1, {}, {}, { state: 'TRIAL_PENDING' })], { state: 'ROUND_OPEN', trialsTotal: 3 }),
        ]),
      },
      {
        spec: oneRound,
        detail: submitted('third', 'SEARCH_RUNNING', [
          wireRound([trial(1, {}, {}, { state: 'TRIAL_PENDING' })], {
            name: 'search',
            state: 'ROUND_OPEN',
            trialsTotal: 1,
          }),
        ]),
      },
    ],
    'all three',
  );
}

describe('searches that run one after the other', () => {
  it('are shown as one: what has ended, what is at work, what waits', () => {
    const whole = sequence().update(
      middleOfSearch({
        search: { ...middleOfSearch().search, id: 'second' },
        rounds: [round('coarse', 'open', 1, 3), round('fine', 'waiting', 0, 3)],
      }),
    );
    expect(whole.search).toMatchObject({ name: 'all three', id: 'second', state: 'running' });
    // A search of one round gives it its name; the next search's first round is open in the store, and waits all the same.
    expect(whole.rounds.map(({ name, state, trialsDone }) => `${name} ${state} ${trialsDone}`)).toEqual([
      'first closed 1',
      'coarse open 1',
      'fine waiting 0',
      'third waiting 0',
    ]);
    expect(whole.running).toHaveLength(2);
  });

  it('run until the last has ended', () => {
    const all = sequence();
    const ended = (id: string): string => all.observe(submitted(id, 'SEARCH_COMPLETED', [])).search.state;
    expect([ended('second'), ended('third')]).toEqual(['running', 'completed']);
  });

  it('count their work through', () => {
    const { work, whole } = sequence();
    expect([0, 1, 2, 3].map((index) => work.ofTrial(index))).toEqual([80, 160, 240, 80]);
    expect(work.doneShare(whole)).toBeCloseTo(80 / (80 + 3 * 160 + 3 * 240 + 80), 5);
  });

  it('are a search as it is when there is one', () => {
    const state = middleOfSearch({ search: { ...middleOfSearch().search, id: 'first' } });
    const alone = new SearchSequence([{ spec: oneRound, detail: submitted('first', 'SEARCH_RUNNING', []) }], 'ignored');
    expect(alone.update(state)).toBe(state);
  });

  it('know a stranger', () => {
    expect(() => sequence().update(middleOfSearch())).toThrow('is none of these');
  });
});
