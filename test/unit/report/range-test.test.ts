import { describe, expect, it } from 'vitest';
import { rangeTestFigure } from '../../../coordinator/report/figures/range-test.js';
import { renderSvg } from '../../../coordinator/report/figures/render.js';
import { rangeTestOf } from '../../../coordinator/report/range-test.js';
import type { Json } from '../../../proto/canonical.js';

const config: { [key: string]: Json } = {
  kind: 'two-layer',
  dataset: { name: 'd', train: 1000, validation: 100 },
  batch_size: 100,
  learning_rate: { schedule: 'range_test', min: 0.01, max: 0.81, growth: 'linear' },
  epochs: 4,
  hidden: 50,
};
const epochs = [0.1, 0.3, 0.4, NaN].map((value, index) => ({ epoch: index + 1, metrics: { val_accuracy: value } }));

describe('a range test', () => {
  it("has a trial's metric beside the rate that each epoch ended at", () => {
    const test = rangeTestOf(config, epochs, 'val_accuracy');
    // 40 update steps; those that epochs end with are 9, 19, 29, 39.
    expect(test?.points.map(({ epoch, rate }) => [epoch, Number(rate.toPrecision(12))])).toEqual([
      [1, 0.19],
      [2, 0.39],
      [3, 0.59],
      [4, 0.79],
    ]);
    expect(test?.points.map(({ value }) => value)).toEqual([0.1, 0.3, 0.4, NaN]);
    expect(rangeTestOf(config, epochs, 'train_loss')?.points).toEqual([]);
  });

  it('is none of another schedule, nor of settings without one', () => {
    const constant = { ...config, learning_rate: { schedule: 'constant', value: 1 } };
    expect(rangeTestOf(constant, epochs, 'val_accuracy')).toBeUndefined();
    expect(rangeTestOf({ kind: 'gradient-check' }, epochs, 'val_accuracy')).toBeUndefined();
  });

  it('is drawn against the rate, without what is not finite, on a logarithmic axis where it grew exponentially', () => {
    const linear = rangeTestOf(config, epochs, 'val_accuracy')!;
    const svg = renderSvg(rangeTestFigure(linear));
    expect(svg).toContain('val_accuracy, %');
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg).not.toContain('NaN');
    const logarithmic = renderSvg(rangeTestFigure({ ...linear, growth: 'exponential' }));
    const places = [svg, logarithmic].map((text) =>
      [...text.matchAll(/<circle[^>]*cx="([\d.]+)"/g)].map(([, x]) => Number(x)),
    );
    const [evenly = [], unevenly = []] = places;
    expect(evenly[1]! - evenly[0]!).toBeCloseTo(evenly[2]! - evenly[1]!, 1);
    expect(unevenly[1]! - unevenly[0]!).toBeGreaterThan(unevenly[2]! - unevenly[1]! + 10);
  });
});
