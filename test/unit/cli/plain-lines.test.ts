import { describe, expect, it } from 'vitest';
import { NOTHING_TOLD, plainLines } from '../../../coordinator/cli/progress/plain.js';
import { SearchWork } from '../../../coordinator/cli/progress/search-work.js';
import type { ProgressState } from '../../../coordinator/cli/progress/state.js';
import { middleOfSearch, round } from '../../support/progress-state.js';

/** Of a search whose trials are all of one length. */
const work = new SearchWork([1, 1]);

/** Everything told about the states, one after the other. */
function told(states: readonly ProgressState[], leftMs?: number): string[] {
  let before = NOTHING_TOLD;
  return states.flatMap((state) => {
    const { lines, told: after } = plainLines(state, before, { doneShare: work.doneShare(state), leftMs });
    before = after;
    return lines;
  });
}

function coarse(done: number, total: number, changes: Partial<ProgressState> = {}): ProgressState {
  const rounds = [
    round('coarse', done === total ? 'closed' : 'open', done, total, { lambda: { min: 1e-5, max: 0.1 } }),
    round('fine', done === total ? 'open' : 'waiting', 0, 2, { lambda: { min: 0.001, max: 0.002 } }),
  ];
  return middleOfSearch({ rounds, running: [], ...changes });
}

describe('progress without a terminal', () => {
  it("tells of each round's start and of each trial, once", () => {
    const states = [coarse(0, 2), coarse(0, 2), coarse(1, 2), coarse(1, 2), coarse(2, 2)];
    expect(told(states, 65_000).join('\n')).toMatchInlineSnapshot(`
      "round coarse: 2 trials, lambda 1e-5 to 0.1
      coarse: 1/2 trials, 25% of all; best val_accuracy 52.13 %, trial 12, lambda=0.001783; about 65 s left
      coarse: 2/2 trials, 50% of all; best val_accuracy 52.13 %, trial 12, lambda=0.001783; about 65 s left
      round fine: 2 trials, lambda 0.001 to 0.002"
    `);
  });

  it('names the best trial alone where nothing is searched', () => {
    const best = { round: 'coarse', trial: 1, parameters: {}, score: 0.5 };
    expect(told([coarse(0, 2), coarse(1, 2, { best })])[1]).toBe(
      'coarse: 1/2 trials, 25% of all; best val_accuracy 50.00 %, trial 1',
    );
  });

  it('tells of few trials where a round has many, and always of the last', () => {
    const lines = told(Array.from({ length: 1001 }, (_, done) => coarse(done, 1000)));
    const trials = lines.filter((line) => line.startsWith('coarse: '));
    expect(trials.length).toBeLessThanOrEqual(20);
    expect(trials.at(-1)).toContain('1000/1000');
  });

  it('tells of trials done before it watched in one line', () => {
    const lines = told([coarse(7, 8)]);
    expect(lines.filter((line) => line.startsWith('coarse: '))).toHaveLength(1);
  });

  it('says once what the search waits for', () => {
    const waiting = coarse(0, 2);
    waiting.search.message = 'waiting: no connected worker has data set cifar10';
    expect(told([waiting, waiting, coarse(0, 2)]).filter((line) => line.startsWith('waiting:'))).toHaveLength(1);
  });
});
