import { describe, expect, it } from 'vitest';
import { formatDifference } from '../../../coordinator/report/comparison-format.js';

describe('a difference', () => {
  it.each([
    ['accuracy', 0.4578, 0.4619, '+0.41'],
    ['accuracy', 0.5198, 0.5128, '−0.70'],
    ['accuracy', 0.4578, 0.4578, '0.00'],
    ['log10', -2.75, -3, '−0.2500'],
    ['deviation', 4.415e-8, 4.414e-8, '−1.000e-11'],
  ] as const)('of %s is ours less theirs: %d, %d', (unit, paper, ours, text) => {
    expect(formatDifference(unit, paper, ours)).toBe(text);
  });

  it('that is rounded to nothing has no sign', () => {
    expect(formatDifference('log10', -2.75, -2.75001)).toBe('0.0000');
    expect(formatDifference('log10', -2.75, -2.74999)).toBe('0.0000');
  });
});
