import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bar, displayWidth, duration, fit, pad, roughDuration } from '../../../coordinator/cli/progress/format.js';

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

describe('text in columns', () => {
  it('counts wide characters twice and combining ones not at all', () => {
    expect(displayWidth('λ=0.1')).toBe(5);
    expect(displayWidth('探索')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
  });

  it('is cut with a mark', () => {
    expect(fit('validation', 6)).toBe('valid…');
    expect(fit('探索中', 5)).toBe('探索…');
    expect(fit('探索中', 4)).toBe('探…');
    expect(fit('kept', 4)).toBe('kept');
  });

  it('fits exactly or is shorter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
        expect(displayWidth(fit(text, columns))).toBeLessThanOrEqual(columns);
        expect(displayWidth(pad(fit(text, columns), columns))).toBe(columns);
      }),
    );
  });
});
