import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../coordinator/report/format.js';
import { roundRows } from '../../../coordinator/report/round-rows.js';
import { roundTable } from '../../../coordinator/report/round-table.js';
import type { Metric, Parameters } from '../../../proto/domain.js';
import { round, trial } from './fixtures.js';

const accuracy: Metric = { name: 'val_accuracy', goal: 'maximize' };
const COLUMNS = 80;

const coarse = round([
  trial(1, { lambda: 0.000393423 }, { val_accuracy: 0.5102, val_loss: 1.4 }),
  trial(2, { lambda: 0.05 }, { val_accuracy: 0.4102 }),
  trial(3, { lambda: 0.00178372 }, { val_accuracy: 0.52681 }),
  trial(4, { lambda: 0.1 }, { val_accuracy: Number.NaN }, { state: 'TRIAL_DIVERGED' }),
  trial(5, { lambda: 0.00001234567 }, { val_accuracy: 0.5102 }),
]);

describe('roundRows', () => {
  it('hold the best three, ties by trial number, and count the states', () => {
    const rows = roundRows(coarse, accuracy);
    expect(rows.best.map(({ numbers, score }) => [numbers, score])).toEqual([
      [[3], 0.52681],
      [[1], 0.5102],
      [[5], 0.5102],
    ]);
    expect(rows.states).toEqual({ completed: 4, diverged: 1 });
    expect(rows).toMatchObject({ name: 'coarse', open: false, interval: { lambda: { min: 1e-5, max: 0.1 } } });
  });

  it('rank repeats by their mean, and give their mean test accuracy', () => {
    const repeat = (number: number, configuration: number, score: number): ReturnType<typeof trial> =>
      trial(number, { lambda: configuration }, { val_accuracy: score, test_accuracy: score }, { configuration });
    const rows = roundRows(
      round([repeat(1, 0, 0.5), repeat(2, 0, 0.25), repeat(3, 1, 0.5), repeat(4, 1, 0.5)]),
      accuracy,
    );
    expect(rows.best).toEqual([
      { numbers: [3, 4], parameters: { lambda: 1 }, score: 0.5, testAccuracy: 0.5, carriedFrom: 0 },
      { numbers: [1, 2], parameters: { lambda: 0 }, score: 0.375, testAccuracy: 0.375, carriedFrom: 0 },
    ]);
  });

  it('of an open round rank what has ended', () => {
    const open = round(
      [
        trial(1, { lambda: 1 }, { val_accuracy: 0.5 }),
        trial(2, { lambda: 2 }, {}, { state: 'TRIAL_LEASED' }),
        trial(3, { lambda: 3 }, {}, { state: 'TRIAL_PENDING' }),
      ],
      { state: 'ROUND_OPEN' },
    );
    const rows = roundRows(open, accuracy);
    expect([rows.open, rows.best.length, rows.states]).toEqual([true, 1, { completed: 1, leased: 1, pending: 1 }]);
  });
});

describe('roundTable', () => {
  it('shows the interval and the best', () => {
    expect(roundTable(coarse, accuracy)).toBe(
      [
        'Round 1, coarse (random): 5 trials, 4 completed, 1 diverged',
        'drawn from lambda 1e-5 to 0.1',
        '  trial  val_accuracy  lambda',
        '  3           52.68 %  0.001784',
        '  1           51.02 %  3.934e-4',
        '  5           51.02 %  1.235e-5',
      ].join('\n'),
    );
  });

  it('shows carried trials, test accuracies and repeats; says nothing of states when all completed', () => {
    const final = round(
      [
        trial(20, { lambda: 0.5 }, { val_accuracy: 0.5, test_accuracy: 0.25 }, { carriedFrom: 9, configuration: 0 }),
        trial(21, { lambda: 0.5 }, { val_accuracy: 0.5, test_accuracy: 0.75 }, { carriedFrom: 9, configuration: 0 }),
      ],
      { index: 2, name: 'final', method: 'none', interval: {} },
    );
    expect(roundTable(final, accuracy)).toBe(
      [
        'Round 3, final (carried only): 2 trials',
        '  trials          val_accuracy  test_accuracy  lambda',
        '  20-21 (from 9)       50.00 %        50.00 %  0.5',
      ].join('\n'),
    );
  });

  it('says when nothing is ranked', () => {
    const diverged = round([trial(1, { lambda: 1 }, {}, { state: 'TRIAL_DIVERGED' })]);
    expect(roundTable(diverged, accuracy).split('\n').at(-1)).toBe('no trial has a finite val_accuracy');
    const open = round([trial(1, { lambda: 1 }, {}, { state: 'TRIAL_LEASED' })], { state: 'ROUND_OPEN' });
    expect(roundTable(open, accuracy).split('\n')).toEqual([
      'Round 1, coarse (random): 1 trial, 1 running',
      'drawn from lambda 1e-5 to 0.1',
      'no trial has a val_accuracy yet',
    ]);
  });

  it('puts many parameters into one column', () => {
    const parameters: Parameters = {
      lambda: 1 / 3,
      'learning_rate.max': 0.125,
      'learning_rate.min': 1e-5,
      batch_size: 100,
    };
    const wide = { ...parameters, 'learning_rate.step_size.epochs': 2, activation: 'relu' };
    expect(roundTable(round([trial(12, wide, { val_accuracy: 0.5, test_accuracy: 0.25 })]), accuracy)).toBe(
      [
        'Round 1, coarse (random): 1 trial',
        'drawn from lambda 1e-5 to 0.1',
        '  trial  val_accuracy  test_accuracy  parameters',
        '  12          50.00 %        25.00 %  activation=relu batch_size=100',
        '                                      lambda=0.3333 learning_rate.max=0.125',
        '                                      learning_rate.min=1e-5',
        '                                      learning_rate.step_size.epochs=2',
      ].join('\n'),
    );
  });

  it('has a column for each parameter as long as that fits, to the last character', () => {
    const heads = (columns: number): string | undefined =>
      roundTable(round([trial(1, { a: 1, b: 2 }, { val_accuracy: 0.5 })]), accuracy, columns)
        .split('\n')
        .at(-2)
        ?.trim();
    const natural = '  trial  val_accuracy  a  b'.length;
    expect(heads(natural)).toBe('trial  val_accuracy  a  b');
    expect(heads(natural - 1)).toBe('trial  parameters');
  });

  it('drops the test accuracy where the terminal is too narrow for it', () => {
    const narrow = roundTable(
      round([trial(1, { lambda: 1, 'learning_rate.max': 0.5 }, { val_accuracy: 0.5, test_accuracy: 0.5 })]),
      accuracy,
      50,
    );
    expect(narrow.split('\n').slice(-3)).toEqual([
      '  trial  val_accuracy  parameters',
      '  1           50.00 %  lambda=1',
      '                       learning_rate.max=0.5',
    ]);
  });

  it('has no line beyond the width and no control character, whatever the names and values', () => {
    const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_.-]{0,40}$/);
    const text = fc.oneof(fc.string({ unit: 'binary-ascii', maxLength: 100 }), fc.stringMatching(/^[粗細éà ]{0,70}$/));
    const value = fc.oneof(fc.double(), fc.integer(), text, fc.boolean(), fc.constant(null));
    const trials = fc.array(fc.tuple(fc.dictionary(name, value, { maxKeys: 8 }), fc.double()), { maxLength: 5 });
    const interval = fc.dictionary(name, fc.record({ min: fc.double(), max: fc.double() }), { maxKeys: 6 });
    fc.assert(
      fc.property(
        trials,
        interval,
        text,
        fc.integer({ min: 20, max: COLUMNS }),
        (drawn, intervals, roundName, columns) => {
          const shown = round(
            drawn.map(([parameters, score], index) =>
              trial(1000 + index, parameters, { val_accuracy: score, test_accuracy: 0.5 }),
            ),
            { interval: intervals, name: roundName },
          );
          for (const line of roundTable(shown, accuracy, columns).split('\n')) {
            expect(displayWidth(line)).toBeLessThanOrEqual(columns);
            expect(line).toMatch(/^\P{Cc}*$/u);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
