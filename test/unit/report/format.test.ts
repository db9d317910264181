import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clip,
  displayWidth,
  formatMetric,
  formatNumber,
  formatParameter,
  printable,
  wrap,
} from '../../../coordinator/report/format.js';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-3, '-3'],
    [45_000, '45000'],
    [123_456_789, '123456789'],
    [Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    [0.1, '0.1'],
    [1 / 3, '0.3333'],
    [2.5, '2.5'],
    [1234.56, '1235'],
    [0.00178372, '0.001784'],
    [0.001, '0.001'],
    [0.000178372, '1.784e-4'],
    [1e-5, '1e-5'],
    [1.5e-5, '1.5e-5'],
    [1.0000001e-5, '1e-5'],
    [1.2e300, '1.2e300'],
    [2_500_000.5, '2.5e6'],
    [-0.00001234567, '-1.235e-5'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('%d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('reads back within half of the fourth digit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
        fc.pre(Math.abs(value) > 1e-300);
        expect(Math.abs(Number(formatNumber(value)) / value - 1)).toBeLessThanOrEqual(5.000001e-4);
        // Whole numbers stand in full.
        expect(formatNumber(value).length).toBeLessThanOrEqual(String(Number.MIN_SAFE_INTEGER).length);
      }),
    );
  });
});

describe('formatMetric', () => {
  it('gives accuracies in percent with two decimals, the rest as numbers', () => {
    expect(formatMetric('val_accuracy', 0.52676)).toBe('52.68 %');
    expect(formatMetric('test_accuracy', 1)).toBe('100.00 %');
    expect(formatMetric('val_loss', 1.38629436)).toBe('1.386');
    expect(formatMetric('val_accuracy', Number.NaN)).toBe('NaN');
  });
});

describe('formatParameter', () => {
  it('gives values as they are, on one line', () => {
    expect(['relu', true, null, 0.5, 'a\nb'].map(formatParameter)).toEqual(['relu', 'true', 'null', '0.5', 'a\\nb']);
  });
});

describe('printable', () => {
  it('leaves no control character, and everything else alone', () => {
    expect(printable('a\tb\u001b[31mc\u0085\u2028é😀')).toBe('a\\tb\\u001b[31mc\\u0085\\u2028é😀');
  });
});

describe('clip', () => {
  it('marks what was cut', () => {
    expect([clip('abcd', 4), clip('abcde', 4), clip('😀😀😀', 5)]).toEqual(['abcd', 'abc…', '😀😀…']);
  });
});

describe('displayWidth', () => {
  it('counts what a terminal draws wide as two, and accents not at all', () => {
    expect(['abc', 'é', 'e\u0301', '粗い', '😀', ''].map(displayWidth)).toEqual([3, 1, 1, 4, 2, 0]);
  });
});

describe('wrap', () => {
  it('breaks between words and indents what follows', () => {
    expect(wrap('one two three four', 9, '  ')).toBe('one two\n  three\n  four');
    expect(wrap('', 9)).toBe('');
    expect(wrap('accuracy 52.46 %, best', 16)).toBe('accuracy\n52.46 %, best');
    expect(wrap('accuracy 52.46 %', 14, '  ')).toBe('accuracy\n  52.46 %');
  });

  it('has no line beyond the width, and every word that fits', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 16, max: 40 }), (list, columns) => {
        const text = wrap(list.join(' '), columns, '    ');
        for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
        expect(text.split(/\s+/)).toEqual(list);
      }),
    );
  });
});
