import type { ImageShape } from '../../proto/datasets.js';
import { generator } from '../../proto/seed.js';
import type { RecordsRegion, Region } from '../kernel/kernel.js';
import type { MiniBatches } from './mini-batches.js';

/** Regions start at cache lines, as the memory's do (worker/kernel/memory.ts). */
const ALIGN = 64;
/** The images and the labels of a mini-batch each start at one. */
const linesOf = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/** Memory that one mini-batch with flips lies in: kernels may read a line past a record. */
export function flippedBatchBytes(batchSize: number, inputs: number): number {
  return linesOf(batchSize * inputs) + linesOf(batchSize) + ALIGN;
}

/** Byte k of the mirrored image is byte `mirror[k]` of the image: its rows are read from right to left, channels stay. */
export function mirrorOf({ channels, height, width, order }: ImageShape): Uint32Array {
  const pixelBytes = order === 'planar' ? 1 : channels;
  const mirror = new Uint32Array(channels * height * width);
  for (let k = 0; k < mirror.length; k++) {
    const byte = k % pixelBytes;
    const column = ((k - byte) / pixelBytes) % width;
    mirror[k] = k + (width - 1 - 2 * column) * pixelBytes;
  }
  return mirror;
}

export interface FlippedRecords {
  memory: WebAssembly.Memory;
  records: RecordsRegion;
  image: ImageShape;
  seed: number;
  batchSize: number;
  batchOrder: (epoch: number) => Uint32Array;
  /** At least flippedBatchBytes, at a cache line. */
  room: Region;
}

/**
 * Mini-batches of the same records in the same order, each image mirrored left to right with probability 1/2. One stream an epoch, of
 * the purpose `flip:EPOCH`: one draw a place of the epoch's order.
 *
 * A mini-batch is copied into `room`, so that kernels know nothing of it; the records stay as they are.
 */
export function flippedMiniBatches(flipped: FlippedRecords): MiniBatches {
  const { memory, records, image, seed, batchSize, batchOrder, room } = flipped;
  const { inputs } = records;
  const mirror = mirrorOf(image);
  const images = { offset: room.offset, bytes: batchSize * inputs };
  const labels = { offset: room.offset + linesOf(images.bytes), bytes: batchSize };
  const batchRecords: RecordsRegion = { images, labels, records: batchSize, inputs };
  const rows = Uint32Array.from({ length: batchSize }, (_, row) => row);

  const bytesOf = (region: Region, length: number): Uint8Array => new Uint8Array(memory.buffer, region.offset, length);
  const from = bytesOf(records.images, records.records * inputs);
  const fromLabels = bytesOf(records.labels, records.records);
  const to = bytesOf(images, images.bytes);
  const toLabels = bytesOf(labels, labels.bytes);

  return (epoch) => {
    const order = batchOrder(epoch);
    const draws = generator(seed, 'flip', epoch);
    const mirrored = Uint8Array.from(order, () => (draws.next() < 0.5 ? 1 : 0));
    return (batch) => {
      for (let row = 0; row < batchSize; row++) {
        const place = batch * batchSize + row;
        const record = order[place] as number;
        toLabels[row] = fromLabels[record] as number;
        const source = from.subarray(record * inputs, (record + 1) * inputs);
        const target = to.subarray(row * inputs, (row + 1) * inputs);
        if (mirrored[place] === 1) for (let k = 0; k < inputs; k++) target[k] = source[mirror[k] as number] as number;
        else target.set(source);
      }
      return { records: batchRecords, rows, first: 0 };
    };
  };
}
