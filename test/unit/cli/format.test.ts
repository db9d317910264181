import { describe, expect, it } from 'vitest';
import { bar, pad, roughDuration } from '../../../coordinator/cli/progress/format.js';
import { duration } from '../../../coordinator/report/format.js';

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [134_000, '2 min 14 s'],
    [3_725_000, '1 h 02 min'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [1_000, 'under 5 s'],
    [31_000, 'about 35 s'],
    [89_999, 'about 90 s'],
    [171_000, 'about 3 min'],
    [3_570_000, 'about 1 h 00 min'],
    [4_200_000, 'about 1 h 10 min'],
  ])('%d ms left is %s', (ms, text) => expect(roughDuration(ms)).toBe(text));
});

describe('a bar', () => {
  it('is as full as the share', () => {
    expect(bar(0, 12)).toBe('[..........]');
    expect(bar(0.5, 12)).toBe('[#####.....]');
    expect(bar(1, 12)).toBe('[##########]');
    expect(bar(7, 12)).toBe('[##########]');
  });
});

describe('padding', () => {
  it('fills columns, not characters', () => {
    expect(pad('探索', 6)).toBe('探索  ');
    expect(pad('too long', 3)).toBe('too long');
  });
});
