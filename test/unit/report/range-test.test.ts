import { describe, expect, it } from 'vitest';
import { rangeTestFigure } from '../../../coordinator/report/figures/range-test.js';
import { renderSvg } from '../../../coordinator/report/figures/render.js';
import { rangeTestOf } from '../../../coordinator/report/range-test.js';
import type { RoundDetail__Output } from '../../../proto/generated/vernier/v1/RoundDetail.js';
import type { Block } from '../../../coordinator/report/document/document.js';
import { rangeTestBlocks } from '../../../coordinator/report/range-test-blocks.js';
import type { Json } from '../../../proto/canonical.js';

const config: { [key: string]: Json } = {
  kind: 'two-layer',
  dataset: { name: 'd', train: 1000, validation: 100 },
  batch_size: 100,
  learning_rate: { schedule: 'range_test', min: 0.01, max: 0.81, growth: 'linear' },
  epochs: 4,
  hidden: 50,
};
const values = [0.1, 0.3, 0.4, NaN];
const course = values.map((value, index) => ({ epoch: index + 1, value }));

describe('a range test', () => {
  it("has a trial's metric beside the rate that each epoch ended at", () => {
    const test = rangeTestOf(config, course);
    // 40 update steps; those that epochs end with are 9, 19, 29, 39.
    expect(test?.points.map(({ epoch, rate }) => [epoch, Number(rate.toPrecision(12))])).toEqual([
      [1, 0.19],
      [2, 0.39],
      [3, 0.59],
      [4, 0.79],
    ]);
    expect(test?.points.map(({ value }) => value)).toEqual(values);
  });

  it('is none of another schedule, nor of settings without one', () => {
    const constant = { ...config, learning_rate: { schedule: 'constant', value: 1 } };
    expect(rangeTestOf(constant, course)).toBeUndefined();
    expect(rangeTestOf({ kind: 'gradient-check' }, course)).toBeUndefined();
  });

  it('is drawn against the rate, without what is not finite, on a logarithmic axis where it grew exponentially', () => {
    const draw = (growth: 'linear' | 'exponential'): string => {
      const tests = [{ ...rangeTestOf(config, course)!, growth, label: 'trial 1' }];
      return renderSvg(rangeTestFigure({ description: 'a test', metric: 'val_accuracy', tests }));
    };
    const svg = draw('linear');
    expect(svg).toContain('val_accuracy, %');
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg).not.toContain('NaN');
    const [evenly = [], unevenly = []] = [svg, draw('exponential')].map((text) =>
      [...text.matchAll(/<circle[^>]*cx="([\d.]+)"/g)].map(([, x]) => Number(x)),
    );
    expect(evenly[1]! - evenly[0]!).toBeCloseTo(evenly[2]! - evenly[1]!, 1);
    expect(unevenly[1]! - unevenly[0]!).toBeGreaterThan(unevenly[2]! - unevenly[1]! + 10);
  });
});

describe('in a report', () => {
  const trial = (number: number, configJson: object): RoundDetail__Output['trials'][number] =>
    ({
      number,
      configJson: JSON.stringify(configJson),
      epochs: course.map(({ epoch, value }) => ({ epoch, metrics: [{ name: 'val_accuracy', value }] })),
    }) as unknown as RoundDetail__Output['trials'][number];
  const blocks = (...trials: RoundDetail__Output['trials']): Block[] =>
    rangeTestBlocks(
      { name: 'test', trials } as RoundDetail__Output,
      { name: 'val_accuracy', goal: 'maximize' },
      (caption, figure) => ({ kind: 'figure', number: 1, caption, figure }),
    );

  it('is a figure and a table of its epochs', () => {
    const [figure, table, ...others] = blocks(trial(1, config));
    expect(figure).toMatchObject({ kind: 'figure', caption: expect.stringContaining('range test in round test') });
    expect(table).toMatchObject({ kind: 'table', rows: [['1', '0.19', '10.00 %'], ['2', '0.39', '30.00 %'], {}, {}] });
    expect(others).toEqual([]);
  });

  it('is one figure of several trials, and nothing of other trials', () => {
    const found = blocks(...[1, 2, 3, 4, 5, 6, 7].map((number) => trial(number, config)));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ caption: expect.stringContaining('the first 6 of 7 trials') });
    expect(blocks(trial(1, { kind: 'gradient-check' }))).toEqual([]);
    expect(blocks(trial(1, { ...config, learning_rate: { schedule: 'constant', value: 1 } }))).toEqual([]);
  });
});
