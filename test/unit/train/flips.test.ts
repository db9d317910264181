import { beforeEach, describe, expect, it } from 'vitest';
import type { ImageShape } from '../../../proto/datasets.js';
import { generator } from '../../../proto/seed.js';
import type { RecordsRegion } from '../../../worker/kernel/kernel.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { batchOrder } from '../../../worker/train/batch-order.js';
import { flippedBatchBytes, flippedMiniBatches, mirrorOf } from '../../../worker/train/flips.js';
import { placeRecords } from '../../support/network-fixture.js';

describe('mirrorOf', () => {
  const mirrored = (image: ImageShape, bytes: readonly number[]) => [...mirrorOf(image)].map((from) => bytes[from]);

  it('reads each row of each plane from right to left', () => {
    const image: ImageShape = { channels: 2, height: 2, width: 3, order: 'planar' };
    expect(mirrored(image, [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16])).toEqual([
      3, 2, 1, 6, 5, 4, 13, 12, 11, 16, 15, 14,
    ]);
  });

  it('keeps the channels of a pixel together', () => {
    const image: ImageShape = { channels: 3, height: 1, width: 3, order: 'interleaved' };
    expect(mirrored(image, [1, 2, 3, 11, 12, 13, 21, 22, 23])).toEqual([21, 22, 23, 11, 12, 13, 1, 2, 3]);
  });

  it('is its own reverse', () => {
    for (const order of ['planar', 'interleaved'] as const) {
      const mirror = mirrorOf({ channels: 3, height: 4, width: 5, order });
      expect([...mirror].map((from) => mirror[from])).toEqual(Array.from({ length: 60 }, (_, k) => k));
    }
  });
});

describe('flippedMiniBatches', () => {
  const image: ImageShape = { channels: 1, height: 2, width: 3, order: 'planar' };
  const [count, batchSize, seed] = [25, 4, 42];
  let memory: NodeMemory;
  let records: RecordsRegion;
  let batches: ReturnType<typeof flippedMiniBatches>;

  const bytes = (offset: number, length: number) => [...new Uint8Array(memory.memory.buffer, offset, length)];
  const imageOf = (of: RecordsRegion, row: number) => bytes(of.images.offset + 6 * row, 6);
  const labelOf = (of: RecordsRegion, row: number) => bytes(of.labels.offset + row, 1)[0];

  beforeEach(() => {
    memory = new NodeMemory();
    const images = Array.from({ length: 6 * count }, (_, k) => k);
    records = placeRecords(
      memory,
      6,
      images,
      Array.from({ length: count }, (_, record) => record % 7),
    );
    const room = memory.allocate(flippedBatchBytes(batchSize, 6));
    batches = flippedMiniBatches({
      memory: memory.memory,
      records,
      image,
      seed,
      batchSize,
      batchOrder: (epoch) => batchOrder(seed, epoch, count),
      room,
    });
  });

  it("are the epoch's, in its order, with the images mirrored that its stream says", () => {
    let flips = 0;
    for (const epoch of [1, 2]) {
      const order = batchOrder(seed, epoch, count);
      const draws = generator(seed, 'flip', epoch);
      const batchOf = batches(epoch);
      for (let batch = 0; batch < 6; batch++) {
        const { records: drawn, rows, first } = batchOf(batch);
        for (let row = 0; row < batchSize; row++) {
          const record = order[batch * batchSize + row]!;
          const [a, b, c, d, e, f] = imageOf(records, record);
          const mirrored = draws.next() < 0.5;
          if (mirrored) flips++;
          expect(imageOf(drawn, rows[first + row]!)).toEqual(mirrored ? [c, b, a, f, e, d] : [a, b, c, d, e, f]);
          expect(labelOf(drawn, rows[first + row]!)).toBe(labelOf(records, record));
        }
      }
    }
    expect(flips).toBeGreaterThan(12);
    expect(flips).toBeLessThan(36);
  });

  it('leave the records as they are', () => {
    const before = bytes(records.images.offset, 6 * count);
    const batchOf = batches(1);
    for (let batch = 0; batch < 6; batch++) batchOf(batch);
    expect(bytes(records.images.offset, 6 * count)).toEqual(before);
  });

  it('stay inside their room', () => {
    const { images, labels } = batches(1)(0).records;
    expect(labels.offset + labels.bytes).toBeLessThanOrEqual(images.offset + flippedBatchBytes(batchSize, 6) - 64);
    expect(images.offset + images.bytes).toBeLessThanOrEqual(labels.offset);
  });
});
