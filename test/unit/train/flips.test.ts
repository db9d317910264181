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

describe.each<[string, ImageShape]>([
  ['rows of three bytes', { channels: 1, height: 2, width: 3, order: 'planar' }],
  ['rows of two words', { channels: 3, height: 2, width: 8, order: 'planar' }],
  ['pixels of three bytes', { channels: 3, height: 2, width: 4, order: 'interleaved' }],
])('flippedMiniBatches of images with %s', (_, image) => {
  const inputs = image.channels * image.height * image.width;
  const [count, batchSize, seed] = [25, 4, 42];
  let memory: NodeMemory;
  let records: RecordsRegion;
  let batches: ReturnType<typeof flippedMiniBatches>;

  const bytes = (offset: number, length: number) => [...new Uint8Array(memory.memory.buffer, offset, length)];
  const imageOf = (of: RecordsRegion, row: number) => bytes(of.images.offset + inputs * row, inputs);
  const labelOf = (of: RecordsRegion, row: number) => bytes(of.labels.offset + row, 1)[0];
  const mirror = [...mirrorOf(image)];

  beforeEach(() => {
    memory = new NodeMemory();
    const images = Array.from({ length: inputs * count }, (__, k) => (k * 7) % 256);
    records = placeRecords(
      memory,
      inputs,
      images,
      Array.from({ length: count }, (__, record) => record % 7),
    );
    const room = memory.allocate(flippedBatchBytes(batchSize, inputs));
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
          const original = imageOf(records, record);
          const mirrored = draws.next() < 0.5;
          if (mirrored) flips++;
          const expected = mirrored ? mirror.map((from) => original[from]) : original;
          expect(imageOf(drawn, rows[first + row]!)).toEqual(expected);
          expect(labelOf(drawn, rows[first + row]!)).toBe(labelOf(records, record));
        }
      }
    }
    expect(flips).toBeGreaterThan(12);
    expect(flips).toBeLessThan(36);
  });

  it('leave the records as they are', () => {
    const before = bytes(records.images.offset, inputs * count);
    const batchOf = batches(1);
    for (let batch = 0; batch < 6; batch++) batchOf(batch);
    expect(bytes(records.images.offset, inputs * count)).toEqual(before);
  });

  it('stay inside their room', () => {
    const { images, labels } = batches(1)(0).records;
    expect(labels.offset + labels.bytes).toBeLessThanOrEqual(images.offset + flippedBatchBytes(batchSize, inputs) - 64);
    expect(images.offset + images.bytes).toBeLessThanOrEqual(labels.offset);
  });
});
