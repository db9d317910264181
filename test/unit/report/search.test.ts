import { describe, expect, it } from 'vitest';
import { metricOf, summaryOf } from '../../../coordinator/report/detail.js';
import { searchJson } from '../../../coordinator/report/search-json.js';
import { finalText, searchText } from '../../../coordinator/report/search-text.js';
import { TINY_DATA, TINY_MACHINE } from '../../support/search-fixtures.js';
import { best, detail, round, trial } from './fixtures.js';

const rounds = [
  round([
    trial(1, { lambda: 0.001, hidden: 50 }, { val_loss: 1.5, val_accuracy: 0.5 }),
    trial(
      2,
      { lambda: 0.002, hidden: 50 },
      { val_accuracy: Number.NaN },
      { state: 'TRIAL_DIVERGED', weightsSha256: '', attempts: [] },
    ),
  ]),
  round([trial(20, { lambda: 0.00178372 }, { val_accuracy: 0.526, test_accuracy: 0.52209 })], {
    index: 1,
    name: 'final',
    method: 'none',
    interval: {},
  }),
];

const attempt = {
  number: 1,
  worker: 'w',
  kernel: 'wasm',
  machine: 0,
  startedMs: 1,
  endedMs: 2,
  end: 'completed',
  message: '',
};

describe('searchJson', () => {
  it('is the object that scripts rely on', () => {
    expect(searchJson(detail(rounds))).toEqual({
      search: { id: '7d3f', name: 'quickstart', seed: 42, specSha256: 'cd'.repeat(32), state: 'completed' },
      rounds: [
        {
          name: 'coarse',
          method: 'random',
          interval: { lambda: { min: 1e-5, max: 0.1 } },
          trials: [
            {
              number: 1,
              parameters: { hidden: 50, lambda: 0.001 },
              seed: 7,
              state: 'completed',
              metrics: { val_accuracy: 0.5, val_loss: 1.5 },
              attempts: 1,
              attemptDetails: [attempt],
              weightsSha256: 'ab'.repeat(32),
            },
            {
              number: 2,
              parameters: { hidden: 50, lambda: 0.002 },
              seed: 7,
              state: 'diverged',
              metrics: { val_accuracy: null },
              attempts: 0,
              attemptDetails: [],
              weightsSha256: null,
            },
          ],
        },
        {
          name: 'final',
          method: 'none',
          interval: {},
          trials: [
            {
              number: 20,
              parameters: { lambda: 0.00178372 },
              seed: 7,
              state: 'completed',
              metrics: { test_accuracy: 0.52209, val_accuracy: 0.526 },
              attempts: 1,
              attemptDetails: [attempt],
              weightsSha256: 'ab'.repeat(32),
            },
          ],
        },
      ],
      best: {
        round: 'final',
        number: 20,
        parameters: { lambda: 0.00178372 },
        metrics: { test_accuracy: 0.52209, val_accuracy: 0.526 },
      },
      resultDigest: 'ef'.repeat(32),
      provenance: {
        file: 'quickstart.yaml',
        fileSha256: '12'.repeat(32),
        numericsVersion: '1',
        datasets: [{ name: 'tiny', sha256: TINY_DATA.sha256 }],
        takenBy: 0,
        machines: [TINY_MACHINE],
      },
    });
  });

  it('loses nothing as text, and its text does not depend on the order in which maps were built', () => {
    const one = searchJson(detail(rounds));
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    const turned = rounds.map((shown) => ({
      ...shown,
      trials: shown.trials.map((each) => ({
        ...each,
        metrics: each.metrics.toReversed(),
        parameters: Object.fromEntries(Object.entries(each.parameters).toReversed()),
      })),
    }));
    expect(JSON.stringify(searchJson(detail(turned)))).toBe(JSON.stringify(one));
  });

  it('has null for what is not there yet', () => {
    const search = { ...summaryOf(detail([])), state: 'SEARCH_RUNNING' as const };
    expect(searchJson(detail([], { search, best: null, resultDigest: '' }))).toMatchObject({
      search: { state: 'running' },
      rounds: [],
      best: null,
      resultDigest: null,
    });
  });
});

describe('searchText', () => {
  it('shows every round, the best trial and the digest', () => {
    expect(searchText(detail(rounds))).toBe(
      [
        'Round 1, coarse (random): 2 trials, 1 completed, 1 diverged',
        'drawn from lambda 1e-5 to 0.1',
        '  trial  val_accuracy  hidden  lambda',
        '  1           50.00 %  50      0.001',
        '',
        'Round 2, final (carried only): 1 trial',
        '  trial  val_accuracy  test_accuracy  lambda',
        '  20          52.60 %        52.21 %  0.001784',
        '',
        'Best: trial 20 of round final, val_accuracy 52.60 %, test_accuracy 52.21 %,',
        '  lambda=0.001784',
        `Result digest ${'ef'.repeat(32)}`,
      ].join('\n'),
    );
  });

  it('says how a search ended that did not complete, and keeps to the width', () => {
    const search = {
      ...summaryOf(detail([])),
      state: 'SEARCH_FAILED' as const,
      message: 'round "fine" cannot narrow lambda by the best of round "coarse" (1 ranked): all its values are 0.001',
    };
    const text = finalText(detail([], { search, best: null, resultDigest: '' }));
    expect(text).toBe(
      [
        'Search quickstart failed: round "fine" cannot narrow lambda by the best of round',
        '  "coarse" (1 ranked): all its values are 0.001',
        'Best: no trial has a finite val_accuracy',
      ].join('\n'),
    );
  });

  it('gives means for repeats, and says so', () => {
    const repeat = (number: number, score: number): ReturnType<typeof trial> =>
      trial(number, { lambda: 0.5 }, { val_accuracy: score, test_accuracy: score + 0.25 }, { configuration: 0 });
    const final = round([repeat(4, 0.25), repeat(5, 0.5)], { name: 'final' });
    const { metrics } = final.trials[0]!;
    const repeated = { ...best(4, { lambda: 0.5 }, {}, 0.375), metrics, repeats: [4, 5] };
    expect(
      finalText(detail([final], { best: repeated }))
        .split('\n')
        .slice(0, -1),
    ).toEqual([
      'Best: trial 4 of round final, val_accuracy 37.50 % (mean of 2 repeats),',
      '  test_accuracy 62.50 % (mean of 2 repeats), lambda=0.5',
    ]);
  });
});

describe('an answer of another version', () => {
  it('is refused where it lacks what every search has', () => {
    expect(() => summaryOf({ search: null })).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
    for (const specJson of ['', '{}', 'null', '{"metric":{"name":"val_loss","goal":"smaller"}}']) {
      expect(() => metricOf({ specJson })).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
    }
  });
});
