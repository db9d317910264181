/**
 * Rebuilds the embedded data set fashion-mnist-mini from the full Fashion-MNIST idx files.
 *
 *     npx tsx scripts/build-embedded-data.ts FOLDER [OUTPUT]
 *
 * FOLDER holds the four idx files, gzipped or not (Debian: /usr/share/datasets/fashion-mnist of the package
 * dataset-fashion-mnist). OUTPUT defaults to worker/datasets/embedded/fashion-mnist-mini.
 *
 * The subset, in the order of the full files: of each class the first 600 training images, then the next 100 of each
 * (validation), and of each class the first 100 test images. Written as idx files compressed by brotli at its highest
 * quality: 3.0 MB. Prediction filters before brotli (up, Paeth, JPEG-LS's median) saved nothing: 3.04-3.05 MB. The content
 * is fixed by its SHA-256 in proto/datasets.ts; how it is packed may change with brotli's version.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';
import { packageFile } from '../proto/package-root.js';
import { parseIdxHeader, writeIdxHeader } from '../worker/datasets/idx.js';

const CLASSES = 10;
const TRAINING_PER_CLASS = 600;
const VALIDATION_PER_CLASS = 100;
const TEST_PER_CLASS = 100;

interface IdxArray {
  shape: readonly number[];
  /** Bytes of one record. */
  stride: number;
  body: Uint8Array;
}

function readIdx(folder: string, file: string): IdxArray {
  const plain = join(folder, file);
  const bytes = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
  const header = parseIdxHeader(bytes, file);
  if (header === undefined) throw new Error(`${file}: too short for an idx file`);
  const [, ...record] = header.shape;
  return { shape: header.shape, stride: record.reduce((a, b) => a * b, 1), body: bytes.subarray(header.headerBytes) };
}

/** Numbers of the records that are the first `count` of their class after its first `skip`, ascending. */
function balanced(labels: Uint8Array, skip: number, count: number): number[] {
  const seen = Array.from({ length: CLASSES }, () => 0);
  const chosen: number[] = [];
  labels.forEach((label, record) => {
    const rank = seen[label] ?? 0;
    seen[label] = rank + 1;
    if (rank >= skip && rank < skip + count) chosen.push(record);
  });
  if (chosen.length !== CLASSES * count) throw new Error(`the labels do not hold ${skip + count} of each class`);
  return chosen;
}

function take(array: IdxArray, records: readonly number[]): Uint8Array {
  const header = writeIdxHeader([records.length, ...array.shape.slice(1)]);
  const out = new Uint8Array(header.length + records.length * array.stride);
  out.set(header);
  records.forEach((record, index) => {
    const from = record * array.stride;
    out.set(array.body.subarray(from, from + array.stride), header.length + index * array.stride);
  });
  return out;
}

function write(output: string, file: string, content: Uint8Array): void {
  const packed = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  writeFileSync(join(output, `${file}.br`), packed);
  const sha256 = createHash('sha256').update(content).digest('hex');
  console.log(`${sha256}  ${file}  ${content.length} bytes, ${packed.length} packed`);
}

/** The subset's files by name, unpacked, from the folder of the full ones. */
export function embeddedFiles(folder: string): Map<string, Uint8Array> {
  const images = readIdx(folder, 'train-images-idx3-ubyte');
  const labels = readIdx(folder, 'train-labels-idx1-ubyte');
  const testImages = readIdx(folder, 't10k-images-idx3-ubyte');
  const testLabels = readIdx(folder, 't10k-labels-idx1-ubyte');
  const train = [
    ...balanced(labels.body, 0, TRAINING_PER_CLASS),
    ...balanced(labels.body, TRAINING_PER_CLASS, VALIDATION_PER_CLASS),
  ];
  const test = balanced(testLabels.body, 0, TEST_PER_CLASS);
  return new Map([
    ['train-images-idx3-ubyte', take(images, train)],
    ['train-labels-idx1-ubyte', take(labels, train)],
    ['t10k-images-idx3-ubyte', take(testImages, test)],
    ['t10k-labels-idx1-ubyte', take(testLabels, test)],
  ]);
}

function main(folder: string | undefined, output: string): void {
  if (folder === undefined) throw new Error('name the folder of the full Fashion-MNIST idx files');
  mkdirSync(output, { recursive: true });
  for (const [file, content] of embeddedFiles(folder)) write(output, file, content);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv[2], process.argv[3] ?? packageFile('worker/datasets/embedded/fashion-mnist-mini'));
}
