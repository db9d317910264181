import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { recordStatistics } from '../../../worker/kernel/statistics.js';
import { placeRecords } from '../../support/network-fixture.js';

function statisticsOf(images: number[][], count = images.length) {
  const memory = new NodeMemory();
  const records = placeRecords(memory, images[0]!.length, images.flat(), new Uint8Array(images.length));
  const { mean, deviation } = recordStatistics(memory.memory, records, count);
  return { mean: [...mean], deviation: [...deviation] };
}

/** The largest whole number whose square is at most `value`. */
function wholeRoot(value: bigint): bigint {
  let root = value;
  let next = (root + 1n) / 2n;
  while (next < root) [root, next] = [next, (next + value / next) / 2n];
  return root;
}

describe('recordStatistics', () => {
  it('is exact to the last digits', () => {
    const images = fc.integer({ min: 1, max: 6 }).chain((inputs) =>
      fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: inputs, maxLength: inputs }), {
        minLength: 1,
        maxLength: 60,
      }),
    );
    fc.assert(
      fc.property(images, (rows) => {
        const { mean, deviation } = statisticsOf(rows);
        const n = BigInt(rows.length);
        for (const k of rows[0]!.keys()) {
          const column = rows.map((row) => BigInt(row[k]!));
          const sum = column.reduce((a, b) => a + b, 0n);
          expect(mean[k]).toBe(Number(sum) / rows.length);
          // n^2 variance = n sum(x^2) - sum(x)^2; its root to 60 binary places.
          const spread = n * column.reduce((a, b) => a + b * b, 0n) - sum * sum;
          const truth = spread === 0n ? 1 : Number(wholeRoot(spread << 120n)) / 2 ** 60 / rows.length;
          expect(Math.abs(deviation[k]! - truth)).toBeLessThanOrEqual(truth * 2 ** -51);
        }
      }),
    );
  });

  it('takes the deviation for 1 where all records are the same', () => {
    const same = [
      [7, 0, 255],
      [7, 0, 255],
      [7, 0, 254],
    ];
    expect(statisticsOf(same)).toEqual({ mean: [7, 0, 764 / 3], deviation: [1, 1, Math.sqrt(2) / 3] });
    expect(statisticsOf([[3]])).toEqual({ mean: [3], deviation: [1] });
  });

  it('looks at the first `count` records only', () => {
    expect(statisticsOf([[1], [3], [200]], 2)).toEqual({ mean: [2], deviation: [1] });
    expect(statisticsOf([[10], [30], [200]], 2)).toEqual({ mean: [20], deviation: [10] });
  });

  it('stays exact over many records', () => {
    const records = 70_000;
    const memory = new NodeMemory();
    const images = Uint8Array.from({ length: records }, (_, i) => (i % 2 === 0 ? 255 : 253));
    const region = placeRecords(memory, 1, images, new Uint8Array(records));
    expect(recordStatistics(memory.memory, region, records)).toEqual({
      mean: Float64Array.of(254),
      deviation: Float64Array.of(1),
    });
  });
});
