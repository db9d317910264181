import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, doubleBits, sha256Hex, type Json } from '../../../proto/canonical.js';

const arbitraryJson = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>;

/** The same value with every object's keys in reverse order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, Json] => [key, reversed(inner)])
      .toReversed(),
  );
}

describe('canonicalJson', () => {
  it('reads back as the value, -0 as 0', () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson(-0)).toBe('0');
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson([3, 1, 2])).toBe('[3,1,2]');
  });

  it('sorts keys by code units and leaves out white space', () => {
    expect(canonicalJson({ b: 1, a: { z: [true, null], Z: 'é"' }, 10: 0, 9: 0, ﬀ: 0, '😀': 0 })).toBe(
      '{"10":0,"9":0,"a":{"Z":"é\\"","z":[true,null]},"b":1,"😀":0,"ﬀ":0}',
    );
  });

  it('writes each double so that it reads back to the same bits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(doubleBits(Number(canonicalJson(value)))).toBe(doubleBits(value + 0));
      }),
    );
    expect([1e21, 1e-7, 0.1, 5e-324, 1.0].map(canonicalJson)).toEqual(['1e+21', '1e-7', '0.1', '5e-324', '1']);
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuses %s, wherever it stands', (value) => {
    expect(() => canonicalJson({ a: [value] })).toThrow(TypeError);
  });
});

describe('doubleBits', () => {
  it('is the big-endian IEEE-754 form', () => {
    expect([1, -2, 0, -0, Infinity].map(doubleBits)).toEqual([
      '3ff0000000000000',
      'c000000000000000',
      '0000000000000000',
      '8000000000000000',
      '7ff0000000000000',
    ]);
  });

  it('has one form for every NaN', () => {
    const payload = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer);
    expect([Number.NaN, payload[0] ?? 0].map(doubleBits)).toEqual(['7ff8000000000000', '7ff8000000000000']);
  });
});

it('sha256Hex is SHA-256 over UTF-8', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'); // FIPS 180-2, B.1
  expect(sha256Hex('é')).toBe(
    createHash('sha256')
      .update(Buffer.from([0xc3, 0xa9]))
      .digest('hex'),
  );
});
