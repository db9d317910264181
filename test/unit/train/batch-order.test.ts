import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SEED } from '../../../proto/seed.js';
import { batchOrder } from '../../../worker/train/batch-order.js';

describe('batchOrder', () => {
  const seed = fc.integer({ min: 0, max: MAX_SEED });

  it('visits every record once', () => {
    fc.assert(
      fc.property(
        seed,
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 0, max: 300 }),
        (anySeed, epoch, count) => {
          const sorted = batchOrder(anySeed, epoch, count).sort();
          expect([...sorted]).toEqual(Array.from({ length: count }, (_, row) => row));
        },
      ),
    );
  });

  it('is the same for the same seed and epoch, and another for any other', () => {
    const order = batchOrder(42, 3, 1000);
    expect(batchOrder(42, 3, 1000)).toEqual(order);
    for (const other of [batchOrder(42, 4, 1000), batchOrder(43, 3, 1000), batchOrder(0, 3, 1000)]) {
      expect(other).not.toEqual(order);
    }
  });

  it('brings every record to every place equally often', () => {
    const places = 8;
    const epochs = 8000;
    const counts = Array.from({ length: places }, () => Array.from({ length: places }, () => 0));
    for (let epoch = 1; epoch <= epochs; epoch++) {
      batchOrder(7, epoch, places).forEach((row, place) => counts[row]![place]!++);
    }
    // Each count is binomial with mean 1000 and deviation 29.6; five deviations.
    for (const count of counts.flat()) expect(Math.abs(count - epochs / places)).toBeLessThan(148);
  });

  it('draws what every version draws', () => {
    expect([...batchOrder(42, 1, 12)]).toEqual([9, 3, 2, 5, 6, 8, 7, 11, 1, 4, 10, 0]);
    expect([...batchOrder(MAX_SEED, 9, 12)]).toEqual([3, 8, 10, 4, 1, 6, 0, 5, 9, 7, 2, 11]);
  });
});
