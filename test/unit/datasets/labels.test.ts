import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementType, type ElementType } from '../../../worker/datasets/array-header.js';
import { LabelConverter } from '../../../worker/datasets/labels.js';

/** Every integer type that labels can have. */
const TYPES: ElementType[] = (['unsigned', 'signed'] as const).flatMap((kind) =>
  [1, 2, 4, 8].flatMap((bytes) => [elementType(kind, bytes, false), elementType(kind, bytes, true)]),
);

function encode(values: readonly number[], { bytes, bigEndian }: ElementType): Buffer {
  const out = Buffer.alloc(values.length * bytes);
  values.forEach((value, index) => {
    const wide = Buffer.alloc(8);
    wide.writeBigInt64LE(BigInt(value));
    const element = wide.subarray(0, bytes);
    out.set(bigEndian ? element.toReversed() : element, index * bytes);
  });
  return out;
}

describe('labels', () => {
  it('of every integer type become bytes, however the file is cut into chunks', () => {
    const cases = fc.record({
      type: fc.constantFrom(...TYPES),
      values: fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 30 }),
      cuts: fc.array(fc.nat(240), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(cases, ({ type, values, cuts }) => {
        const content = encode(values, type);
        const converter = new LabelConverter(type, 256, 'x');
        const bounds = [0, ...cuts.filter((cut) => cut < content.length).sort((a, b) => a - b), content.length];
        const found = bounds.slice(1).flatMap((end, index) => {
          const chunk = Buffer.from(content.subarray(bounds[index], end));
          const labels = [...converter.convert(chunk)];
          chunk.fill(255); // a chunk is overwritten by the next
          return labels;
        });
        expect(found).toEqual(values);
        if (values.length > 0) {
          expect([converter.lowest, converter.highest]).toEqual([Math.min(...values), Math.max(...values)]);
        }
      }),
    );
  });

  it.each([
    [elementType('signed', 1, false), [0, 5, -1], 256, 'x: label -1 of record 2 is outside 0 .. 255'],
    [elementType('signed', 8, false), [-(2 ** 40)], 256, 'x: label -1099511627776 of record 0 is outside 0 .. 255'],
    [elementType('unsigned', 2, true), [3, 256], 256, 'x: label 256 of record 1 is outside 0 .. 255'],
    [elementType('unsigned', 1, false), [3, 9, 10], 10, 'x: label 10 of record 2 is outside 0 .. 9'],
  ])('%j: %j with %i classes', (type, values, classes, message) => {
    const converter = new LabelConverter(type, classes, 'x');
    expect(() => converter.convert(encode(values, type))).toThrow(message);
  });

  it('counts records over chunks in its message', () => {
    const converter = new LabelConverter(elementType('unsigned', 1, false), 3, 'x');
    converter.convert(Uint8Array.of(0, 1, 2));
    expect(() => converter.convert(Uint8Array.of(1, 3))).toThrow('label 3 of record 4');
  });
});
