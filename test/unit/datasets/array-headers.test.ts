import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { elementCount, type ArrayHeader } from '../../../worker/datasets/array-header.js';
import { parseIdxHeader, writeIdxHeader } from '../../../worker/datasets/idx.js';
import { parseNpyHeader } from '../../../worker/datasets/npy.js';
import { idx, npy } from '../../support/datasets.js';

const nothing = new Uint8Array(0);

/** A parser given any bytes wants more, understands, or says what it does not: it never throws anything else. */
function survives(parse: (bytes: Uint8Array, place: string) => ArrayHeader | undefined, bytes: Uint8Array): void {
  try {
    const header = parse(bytes, 'x');
    if (header === undefined) return;
    expect(header.headerBytes).toBeGreaterThan(0);
    expect(header.headerBytes).toBeLessThanOrEqual(bytes.length);
    expect(header.shape.length).toBeGreaterThan(0);
    expect(elementCount(header.shape)).toBeGreaterThanOrEqual(0);
  } catch (error) {
    expect(error).toBeInstanceOf(VernierError);
    expect(error).toMatchObject({ code: 'DATASET_UNSUPPORTED', message: expect.stringMatching(/^x: /) as string });
  }
}

describe('idx header', () => {
  it('reads what it writes, whatever the shape', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(shape, (sizes) => {
        const bytes = writeIdxHeader(sizes);
        const header = parseIdxHeader(bytes, 'x');
        expect(header).toMatchObject({ shape: sizes, headerBytes: bytes.length, type: { name: 'uint8', bytes: 1 } });
        // Cut anywhere, it asks for more instead of reading what is not there.
        for (let length = 0; length < bytes.length; length++) {
          expect(parseIdxHeader(bytes.subarray(0, length), 'x')).toBeUndefined();
        }
      }),
    );
  });

  it.each([
    [0x08, 'uint8', 1],
    [0x09, 'int8', 1],
    [0x0b, 'int16', 2],
    [0x0c, 'int32', 4],
    [0x0d, 'float32', 4],
    [0x0e, 'float64', 8],
  ])('type code %i is %s', (code, name, bytes) => {
    const header = parseIdxHeader(idx([3], nothing, code), 'x');
    expect(header?.type).toMatchObject({ name, bytes, bigEndian: bytes > 1 });
  });

  it('names the file and its first bytes when it is none', () => {
    expect(() => parseIdxHeader(Buffer.from('PNG!not idx'), 'a.idx')).toThrow(
      'a.idx: neither an idx nor a .npy file (starts with 50 4e 47 21)',
    );
    expect(() => parseIdxHeader(Buffer.from([0, 0, 8, 0, 0]), 'a.idx')).toThrow('starts with 00 00 08 00');
    expect(() => parseIdxHeader(Buffer.from([0, 0, 7, 1, 0]), 'a.idx')).toThrow('starts with 00 00 07 01');
  });

  it('never crashes on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => survives(parseIdxHeader, bytes)));
    const almost = fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.of(0, 0, ...bytes));
    fc.assert(fc.property(almost, (bytes) => survives(parseIdxHeader, bytes)));
  });
});

describe('npy header', () => {
  it('reads what numpy writes, whatever the shape', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 2 ** 50 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shape, (sizes) => {
        const bytes = npy('|u1', sizes, nothing);
        expect(parseNpyHeader(bytes, 'x')).toMatchObject({ shape: sizes, headerBytes: bytes.length });
        expect(parseNpyHeader(bytes.subarray(0, -1), 'x')).toBeUndefined();
      }),
    );
  });

  it.each([
    ['|u1', { name: 'uint8', kind: 'unsigned', bytes: 1, bigEndian: false }],
    ['|i1', { name: 'int8', kind: 'signed', bytes: 1, bigEndian: false }],
    ['<u2', { name: 'uint16', kind: 'unsigned', bytes: 2, bigEndian: false }],
    ['>i4', { name: 'int32', kind: 'signed', bytes: 4, bigEndian: true }],
    ['<i8', { name: 'int64', kind: 'signed', bytes: 8, bigEndian: false }],
    ['<f4', { name: 'float32', kind: 'float', bytes: 4, bigEndian: false }],
    ['|b1', { name: "'|b1'", kind: 'other', bytes: 1, bigEndian: false }],
    ['<U7', { name: "'<U7'", kind: 'other', bytes: 1, bigEndian: false }],
    ['|O', { name: "'|O'", kind: 'other', bytes: 1, bigEndian: false }],
  ])('%s', (descr, type) => {
    expect(parseNpyHeader(npy(descr, [2], nothing), 'x')?.type).toEqual(type);
  });

  it('reads versions 2 and 3, whose header length has four bytes', () => {
    const dict = "{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }\n";
    for (const version of [2, 3]) {
      const head = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\x00....`, 'latin1');
      head.writeUInt32LE(dict.length, 8);
      const header = parseNpyHeader(Buffer.concat([head, Buffer.from(dict)]), 'x');
      expect(header).toMatchObject({ shape: [5], headerBytes: 12 + dict.length });
    }
  });

  it.each([
    ['Fortran order', npy('|u1', [2, 2], nothing, true), 'x: the array is in Fortran order'],
    ['version 4', Buffer.from('\x93NUMPY\x04\x00\x01\x00..', 'latin1'), 'x: not a .npy file of version 1, 2 or 3'],
    ['no axis', npy('|u1', [], nothing), 'x: the .npy header tells of no plain array of one axis or more'],
    ['a size beyond 2^53', npy('|u1', [1e17], nothing), 'x: the .npy header tells of the shape (100000000000000000)'],
    [
      'a header of 4 GiB',
      Buffer.concat([Buffer.from('\x93NUMPY\x02\x00', 'latin1'), Buffer.alloc(4, 255)]),
      'x: the .npy header claims 4294967295 bytes',
    ],
  ])('refuses %s', (_case, bytes, message) => {
    expect(() => parseNpyHeader(bytes, 'x')).toThrow(message);
  });

  it('refuses an array of records by its descr', () => {
    const dict = "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (5,), }\n";
    const head = Buffer.from('\x93NUMPY\x01\x00..', 'latin1');
    head.writeUInt16LE(dict.length, 8);
    expect(() => parseNpyHeader(Buffer.concat([head, Buffer.from(dict)]), 'x')).toThrow('no plain array');
  });

  it('never crashes on arbitrary bytes, also behind the magic', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(parseNpyHeader, bytes)));
    const magic = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 100 }), (bytes, text) => {
        survives(parseNpyHeader, Buffer.concat([magic, bytes]));
        const dict = Buffer.from(`{'descr': '${text}', 'fortran_order': False, 'shape': (${text}), }`);
        survives(parseNpyHeader, Buffer.concat([magic, Buffer.from([dict.length % 256, dict.length >> 8]), dict]));
      }),
    );
  });
});

it('counts the elements of impossible shapes without NaN', () => {
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([0, Infinity])).toBe(0);
  expect(elementCount([1e200, 1e200])).toBe(Infinity);
});
