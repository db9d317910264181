import { describe, expect, it } from 'vitest';
import { searchTable } from '../../../coordinator/cli/list.js';
import { displayWidth } from '../../../coordinator/report/format.js';
import type { SearchSummary__Output } from '../../../proto/generated/vernier/v1/SearchSummary.js';

function summary(changes: Partial<SearchSummary__Output> = {}): SearchSummary__Output {
  return {
    id: 'kbxhzy9duw',
    name: 'cifar10-lambda',
    seed: 42,
    specSha256: '',
    state: 'SEARCH_COMPLETED',
    message: '',
    createdMs: new Date(2026, 10, 24, 21, 47).getTime(),
    endedMs: 0,
    trialsTotal: 20,
    trialsDone: 20,
    waitingCode: '',
    ...changes,
  };
}

describe('the list of searches', () => {
  it('has a line for each', () => {
    const running = summary({ id: 'a1b2c3d4e5', name: '探索', seed: 7, state: 'SEARCH_RUNNING', trialsDone: 3 });
    expect(searchTable([running, summary()])).toMatchInlineSnapshot(`
      "id          name            seed  state      trials  submitted
      a1b2c3d4e5  探索               7  running      3/20  2026-11-24 21:47
      kbxhzy9duw  cifar10-lambda    42  completed   20/20  2026-11-24 21:47"
    `);
  });

  it('keeps within 80 columns, at the cost of names', () => {
    const long = summary({ name: 'n'.repeat(200), seed: Number.MAX_SAFE_INTEGER, trialsTotal: 1_000_000 });
    for (const line of searchTable([long, summary()]).split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });
});
