import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { addOwn, type AddOwnOptions } from '../../../worker/datasets/add-own.js';
import { loadDataset } from '../../../worker/datasets/load.js';
import { findDataset } from '../../../worker/datasets/stored.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { idx, noise, npy } from '../../support/datasets.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
let dataDir: string;
let source: string;
beforeEach(async () => {
  const made = await mkdtemp(join(folder, 'case-'));
  dataDir = join(made, 'data');
  source = made;
});

const images = noise(7 * 12);
const testImages = noise(3 * 12, 2);
const labels = Uint8Array.of(0, 1, 2, 1, 0, 2, 2);
const testLabels = Uint8Array.of(2, 1, 0);
const wide = (values: Uint8Array): Buffer => Buffer.from(BigInt64Array.from(values, BigInt).buffer);

function write(files: Record<string, Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(source, name), content);
}
const add = (options: AddOwnOptions = {}): ReturnType<typeof addOwn> =>
  addOwn('digits', dataDir, { folder: source, ...options });

async function load(): Promise<{ images: Buffer; labels: number[]; testImages: Buffer; testLabels: number[] }> {
  const memory = new NodeMemory();
  const { train, test } = await loadDataset('digits', undefined, memory, dataDir);
  const bytes = Buffer.from(memory.memory.buffer);
  const at = (offset: number, length: number): Buffer => bytes.subarray(offset, offset + length);
  return {
    images: at(train.images.offset, train.records * train.inputs),
    labels: [...at(train.labels.offset, train.records)],
    testImages: at(test.images.offset, test.records * test.inputs),
    testLabels: [...at(test.labels.offset, test.records)],
  };
}

const npyFiles = (): Record<string, Uint8Array> => ({
  'train-images.npy': npy('|u1', [7, 3, 4], images),
  'train-labels.npy': npy('<i8', [7], wide(labels)),
  'test-images.npy': npy('|u1', [3, 3, 4], testImages),
  'test-labels.npy': npy('<i8', [3, 1], wide(testLabels)),
});

describe('addOwn', () => {
  it('stores npy files so that they load as they were', async () => {
    write(npyFiles());
    const { stored, labels: range } = await add();
    expect(stored.info).toMatchObject({ name: 'digits', train: 7, test: 3, inputs: 12, classes: 3 });
    expect(range).toEqual([0, 2]);
    expect(await load()).toEqual({ images, labels: [...labels], testImages, testLabels: [...testLabels] });
  });

  it('gives the same arrays the same identity, whatever files they came from', async () => {
    write(npyFiles());
    const { stored } = await add();
    const files = {
      trainImages: gzipSync(idx([7, 3, 4], images)),
      trainLabels: idx([7], Buffer.concat([...labels].map((label) => Buffer.of(0, 0, 0, label))), 0x0c),
      testImages: idx([3, 3, 4], testImages),
      testLabels: idx([3], testLabels),
    };
    write(files);
    const named = {
      'train-images': join(source, 'trainImages'),
      'train-labels': join(source, 'trainLabels'),
      'test-images': join(source, 'testImages'),
      'test-labels': join(source, 'testLabels'),
    };
    const again = await addOwn('digits', dataDir, { files: named, replace: true });
    expect(again.stored.info).toEqual(stored.info);
  });

  it('says how records are images, which is no part of the identity', async () => {
    write(npyFiles());
    const { stored } = await add();
    const image = { channels: 1, height: 3, width: 4, order: 'planar' };
    expect(stored.info.image).toEqual(image);
    const path = join(dataDir, 'digits/dataset.json');
    const { image: written, ...older } = JSON.parse(readFileSync(path, 'utf8')) as { image: unknown };
    expect(written).toEqual(image);
    // A manifest of before it was written there: the files tell.
    writeFileSync(path, JSON.stringify(older));
    expect((await findDataset('digits', dataDir))?.info).toEqual(stored.info);
    rmSync(join(dataDir, 'digits/train-images.idx'));
    expect((await findDataset('digits', dataDir))?.info).toEqual({ ...stored.info, image: undefined });
  });

  it('says nothing of images where records are flat', async () => {
    write({ ...npyFiles(), 'train-images.npy': npy('|u1', [7, 12], images) });
    rmSync(join(source, 'test-images.npy'));
    rmSync(join(source, 'test-labels.npy'));
    const { stored } = await add();
    expect(stored.info).not.toHaveProperty('image');
    expect(JSON.parse(readFileSync(join(dataDir, 'digits/dataset.json'), 'utf8'))).not.toHaveProperty('image');
  });

  it('takes the number of classes as told, which makes it another data set', async () => {
    write(npyFiles());
    const three = await add();
    const five = await add({ classes: 5, replace: true });
    expect(five.stored.info.classes).toBe(5);
    expect(five.stored.info.sha256).not.toBe(three.stored.info.sha256);
  });

  it('does without test data', async () => {
    const { 'test-images.npy': _images, 'test-labels.npy': _labels, ...train } = npyFiles();
    write(train);
    expect((await add()).stored.info).toMatchObject({ train: 7, test: 0 });
    expect(await load()).toMatchObject({ images, testLabels: [] });
  });

  it.each<[string, Record<string, Uint8Array>, string, string]>([
    [
      'counts that differ',
      { 'train-labels.npy': npy('|u1', [6], labels.subarray(0, 6)) },
      'train-images.npy holds 7 images, ',
      'give one label an image',
    ],
    [
      'float images',
      { 'train-images.npy': npy('<f4', [7, 12], noise(336)) },
      'train-images.npy: images must be uint8, found float32',
      '(images * 255).round().astype(numpy.uint8)',
    ],
    [
      'wide images',
      { 'train-images.npy': npy('<i8', [7, 12], noise(672)) },
      'images must be uint8, found int64',
      'images.astype(numpy.uint8)',
    ],
    [
      'images in Fortran order',
      { 'train-images.npy': npy('|u1', [7, 12], images, true) },
      'the array is in Fortran order',
      'numpy.ascontiguousarray',
    ],
    [
      'flat images',
      { 'train-images.npy': npy('|u1', [84], images) },
      'an array of [84] holds no images',
      '[records, ...]',
    ],
    [
      'float labels',
      { 'train-labels.npy': npy('<f8', [7], noise(56)) },
      'labels must be whole numbers, found float64',
      'labels.astype(numpy.uint8)',
    ],
    [
      'one-hot labels',
      { 'train-labels.npy': npy('|u1', [7, 3], noise(21)) },
      'an array of [7, 3] holds no labels',
      'labels.argmax(axis=1)',
    ],
    [
      'a label that is no class',
      { 'train-labels.npy': npy('<i4', [7], Buffer.from(Int32Array.of(0, 1, 2, -1, 0, 0, 0).buffer)) },
      'train-labels.npy: label -1 of record 3 is outside 0 .. 255',
      'counted from 0',
    ],
    [
      'test images of another shape',
      { 'test-images.npy': npy('|u1', [3, 4, 3], testImages) },
      'a training image has the shape [3, 4], a test image [4, 3]',
      'images of one shape',
    ],
    [
      'no records',
      { 'train-images.npy': npy('|u1', [0, 12], noise(0)) },
      'an array of [0, 12] holds nothing',
      'give data',
    ],
    [
      'a shape beyond all bounds',
      { 'train-images.npy': npy('|u1', [7, 2 ** 33], images) },
      `an array of [7, ${2 ** 33}] is too large`,
      'smaller',
    ],
    [
      'truncated images',
      { 'train-images.npy': npy('|u1', [7, 3, 4], images.subarray(0, 80)) },
      'train-images.npy: ends after 80 of the 84 bytes that its header tells of',
      'whole idx or .npy file',
    ],
  ])('refuses %s, and adds nothing', async (_case, changed, message, mend) => {
    write({ ...npyFiles(), ...changed });
    const failed = add();
    await expect(failed).rejects.toMatchObject({ mend: expect.stringContaining(mend) as string });
    await expect(failed).rejects.toThrow(message);
    expect(existsSync(join(dataDir, 'digits'))).toBe(false);
  });

  it('refuses labels beyond --classes', async () => {
    write(npyFiles());
    await expect(add({ classes: 2 })).rejects.toThrow('label 2 of record 2 is outside 0 .. 1');
  });

  it('replaces only when told to, and keeps the old one when the new one is no good', async () => {
    write(npyFiles());
    const { stored } = await add();
    await expect(add()).rejects.toMatchObject({ code: 'USAGE', mend: 'add --replace to put this one in its place' });
    write({ 'test-labels.npy': npy('|u1', [3], testLabels.subarray(1)) });
    await expect(add({ replace: true })).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
    expect((await load()).testLabels).toEqual([...testLabels]);
    // A manifest that was broken can be replaced as well.
    writeFileSync(join(stored.directory, 'dataset.json'), '{');
    write(npyFiles());
    expect((await add({ replace: true })).stored.info).toEqual(stored.info);
  });

  it.each(['', '../up', 'a/b', 'Digits', '.hidden', 'x'.repeat(65)])('refuses the name %j', async (name) => {
    write(npyFiles());
    await expect(addOwn(name, dataDir, { folder: source })).rejects.toMatchObject({ code: 'USAGE' });
    expect(existsSync(dataDir)).toBe(false);
  });

  it('refuses a folder of that name that is not a data set, also when told to replace', async () => {
    const theirs = join(source, 'digits');
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'train-images.idx'), idx([7, 12], images));
    writeFileSync(join(theirs, 'train-labels.idx'), idx([7], labels));
    const failed = addOwn('digits', source, { folder: theirs, replace: true });
    await expect(failed).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    expect(readdirSync(theirs)).toEqual(['train-images.idx', 'train-labels.idx']);
  });
});
