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
  const images = { offset: room.offset, bytes: batchSize * inputs };
  const labels = { offset: room.offset + linesOf(images.bytes), bytes: batchSize };
  const batchRecords: RecordsRegion = { images, labels, records: batchSize, inputs };
  const rows = Uint32Array.from({ length: batchSize }, (_, row) => row);

  const bytesOf = (region: Region, length: number): Uint8Array => new Uint8Array(memory.buffer, region.offset, length);
  const from = bytesOf(records.images, records.records * inputs);
  const fromLabels = bytesOf(records.labels, records.records);
  const to = bytesOf(images, images.bytes);
  const copyMirrored = mirroredCopy(from, to, image);
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
        if (mirrored[place] === 1) copyMirrored(record, row);
        else to.set(from.subarray(record * inputs, (record + 1) * inputs), row * inputs);
      }
      return { records: batchRecords, rows, first: 0 };
    };
  };
}

const WORD = 4;

/** Copies image `record` of `from`, mirrored, to image `row` of `to`; both start at a cache line. */
function mirroredCopy(from: Uint8Array, to: Uint8Array, image: ImageShape): (record: number, row: number) => void {
  const { channels, height, width, order } = image;
  const inputs = channels * height * width;
  if (width % WORD !== 0 || (order === 'interleaved' && channels > 1)) {
    const mirror = mirrorOf(image);
    return (record, row) => {
      const [source, target] = [record * inputs, row * inputs];
      for (let k = 0; k < inputs; k++) to[target + k] = from[source + (mirror[k] as number)] as number;
    };
  }
  // Rows of whole words: the words from right to left, and the bytes within each; in a third of the time.
  const words = inputs / WORD;
  const mirror = mirrorOf({ channels, height, width: width / WORD, order });
  const wordsOf = (bytes: Uint8Array): Int32Array =>
    new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD);
  const [fromWords, toWords] = [wordsOf(from), wordsOf(to)];
  return (record, row) => {
    const [source, target] = [record * words, row * words];
    for (let k = 0; k < words; k++) {
      const word = fromWords[source + (mirror[k] as number)] as number;
      toWords[target + k] = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
    }
  };
}
