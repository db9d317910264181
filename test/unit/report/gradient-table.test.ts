import { describe, expect, it } from 'vitest';
import { gradientTables, hasGradientChecks } from '../../../coordinator/report/gradient-table.js';
import { displayWidth } from '../../../coordinator/report/format.js';
import { searchText } from '../../../coordinator/report/search-text.js';
import { DEVIATIONS, DIFFERENCES, deviationMetric } from '../../../proto/trainers/gradient-check.js';
import { detail, round, trial } from './fixtures.js';

/** Of a network of so many weight matrices, whose central gradient is off by `error` in W2. */
function metrics(matrices: number, error: number): Record<string, number> {
  const found: Record<string, number> = { cost: 2.595123, loss: 2.5 };
  for (const difference of DIFFERENCES) {
    for (const deviation of DEVIATIONS) {
      for (let layer = 1; layer <= matrices; layer++) {
        for (const [index, tensor] of [`W${layer}`, `b${layer}`].entries()) {
          const wrong = tensor === 'W2' && difference === 'central' ? error : 0;
          found[deviationMetric(difference, deviation, tensor)] = Math.max(wrong, (layer + index) * 1.2345e-11);
        }
      }
      found[deviationMetric(difference, deviation)] = Math.max(difference === 'central' ? error : 0, 2.5e-11);
    }
  }
  return found;
}

const checked = (number: number, error: number, matrices = 2) =>
  trial(number, { lambda: 0.01 }, metrics(matrices, error), { seed: 42 });

describe('the table of a gradient check', () => {
  it('has a row a tensor, and says that the gradients agree', () => {
    expect(gradientTables(round([checked(3, 4.2e-8)]))).toMatchInlineSnapshot(`
      [
        "Trial 3: seed 42, lambda=0.01, cost 2.595
        tensor  forward means  central means  mean |a - n|  max |a - n|  max relative
        W1          1.235e-11      1.235e-11     1.235e-11    1.235e-11     1.235e-11
        b1          2.469e-11      2.469e-11     2.469e-11    2.469e-11     2.469e-11
        W2          2.469e-11       4.200e-8      4.200e-8     4.200e-8      4.200e-8
        b2          3.704e-11      3.704e-11     3.704e-11    3.704e-11     3.704e-11
        analytic and central gradients agree to 4.2e-8 (W2)",
      ]
    `);
  });

  it('says where they do not', () => {
    const [table = ''] = gradientTables(round([checked(1, 0.5)]));
    expect(table.split('\n').slice(-2).join('\n')).toMatchInlineSnapshot(`
      "  analytic and central gradients differ by up to 5.0e-1 (W2): the gradient is
        wrong, or a ReLU bends within the step"
    `);
    expect(gradientTables(round([checked(1, 1e-3)]))[0]).toContain('agree to 1.0e-3');
    expect(gradientTables(round([checked(1, 1.1e-3)]))[0]).toContain('differ by up to 1.1e-3');
  });

  it('is not shown of other trials, nor of those that have no result yet', () => {
    const training = round([trial(1, {}, { val_accuracy: 0.5 }), trial(2, {}, {})]);
    expect(gradientTables(training)).toEqual([]);
    expect(hasGradientChecks(training)).toBe(false);
    expect(hasGradientChecks(round([trial(1, {}, {}), checked(2, 0)]))).toBe(true);
  });

  it('is shown of eight trials, and the others counted', () => {
    const tables = gradientTables(round(Array.from({ length: 11 }, (_, index) => checked(index + 1, 0))));
    expect(tables).toHaveLength(9);
    expect(tables.at(-1)).toBe('and 3 more trials; --json lists all');
  });

  it('stands behind its round, before the end of the search', () => {
    const text = searchText(detail([round([checked(1, 0)])]));
    expect(text.indexOf('Trial 1: seed 42')).toBeGreaterThan(text.indexOf('Round 1'));
    expect(text.indexOf('Best:')).toBeGreaterThan(text.indexOf('Trial 1: seed 42'));
  });

  it('fits in 80 columns with the longest network, and in fewer with fewer columns', () => {
    for (const columns of [80, 60, 40, 30]) {
      for (const line of gradientTables(round([checked(1, 0.25, 9)]), columns)
        .join('\n')
        .split('\n')) {
        expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });
});
