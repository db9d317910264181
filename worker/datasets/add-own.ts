import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DATASET_NAME, imageShapeOf, type MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { arrayBody, readArrayHeader } from './array-file.js';
import { elementCount, type ArrayHeader } from './array-header.js';
import { MAX_IDX_DIMENSIONS, MAX_IDX_SIZE, writeIdxHeader } from './idx.js';
import { LabelConverter } from './labels.js';
import { MANIFEST_FILE, MAX_CLASSES, writeManifest } from './manifest.js';
import { MemberWriter } from './member-writer.js';
import { ownSources, type OwnSources } from './own-files.js';
import { findDataset, ownFile, placeOf, type StoredDataset } from './stored.js';
import { withWorkFolder } from './work-folder.js';

export interface AddOwnOptions {
  /** Looked through for files with recognisable names. */
  folder?: string;
  /** Files that are named. */
  files?: OwnSources;
  /** Number of classes; by default one more than the highest label. */
  classes?: number;
  /** Replaces a data set of the same name. */
  replace?: boolean;
  /** A file was converted. */
  onMember?: (file: string) => void;
}

interface Split {
  name: 'train' | 'test';
  records: number;
  images: { path: string; header: ArrayHeader };
  labels: { path: string; header: ArrayHeader };
}

/**
 * Adds a data set of the user's own: images uint8 [records, ...], labels of any integer type, 0 .. 255. They are stored as
 * idx files of bytes beside a manifest, so that the same arrays have the same identity whatever files they came from.
 *
 * @returns the data set, and the lowest and highest label that it holds
 * @throws VernierError USAGE, FILE_UNREADABLE, DATASET_UNSUPPORTED and DATASET_CORRUPT for files that cannot be used,
 *   DATASET_BUSY, DATA_FOLDER_UNUSABLE
 */
export async function addOwn(
  name: string,
  dataDir: string,
  options: AddOwnOptions,
): Promise<{ stored: StoredDataset; labels: readonly [number, number] }> {
  if (!DATASET_NAME.test(name)) {
    throw new VernierError('USAGE', `${JSON.stringify(name)} cannot be the name of a data set`, {
      mend: 'use lower-case letters, digits, dots, dashes and underscores, at most 64, a letter or digit first',
    });
  }
  const sources = await ownSources(options.folder, options.files ?? {});
  // All headers first: what does not fit is told before anything is copied.
  const train = await readSplit('train', sources);
  if (train === undefined) throw new VernierError('USAGE', `data set ${name}: no training images and labels are given`);
  const test = await readSplit('test', sources);
  if (test !== undefined) checkSameShape(train, test);

  return await withWorkFolder(placeOf(name, undefined, dataDir), async ({ staging, install }) => {
    await refuseExisting(name, dataDir, options.replace ?? false);
    const splits = test === undefined ? [train] : [train, test];
    const members: MemberFile[] = [];
    let lowest = Infinity;
    let highest = -Infinity;
    // Labels first: they are small, and most of what can still be wrong is in them.
    for (const split of splits) {
      const converter = new LabelConverter(split.labels.header.type, options.classes ?? MAX_CLASSES, split.labels.path);
      members.push(await writeLabels(staging, split, converter));
      options.onMember?.(split.labels.path);
      lowest = Math.min(lowest, converter.lowest);
      highest = Math.max(highest, converter.highest);
    }
    for (const split of splits) {
      members.push(await writeImages(staging, split));
      options.onMember?.(split.images.path);
    }
    const record = train.images.header.shape.slice(1);
    const classes = options.classes ?? highest + 1;
    const manifest = {
      name,
      train: train.records,
      test: test?.records ?? 0,
      inputs: elementCount(record),
      classes,
      image: imageShapeOf(record),
      members,
    };
    await writeFile(join(staging, MANIFEST_FILE), writeManifest(manifest), { flush: true });
    await install();
    const stored = await findDataset(name, dataDir);
    if (stored === undefined) throw new VernierError('INTERNAL', `data set ${name} vanished while it was added`);
    return { stored, labels: [lowest, highest] };
  });
}

/** Reads the heads of a split's two files and checks that they fit each other. */
async function readSplit(name: 'train' | 'test', sources: OwnSources): Promise<Split | undefined> {
  const [imagesPath, labelsPath] = [sources[`${name}-images`], sources[`${name}-labels`]];
  if (imagesPath === undefined || labelsPath === undefined) return undefined;
  const images = { path: imagesPath, header: await readArrayHeader(imagesPath) };
  const labels = { path: labelsPath, header: await readArrayHeader(labelsPath) };
  checkImages(images.path, images.header);
  checkLabels(labels.path, labels.header);
  const [records = 0] = images.header.shape;
  const [labelled = 0] = labels.header.shape;
  if (records !== labelled) {
    throw unsupported(
      `${images.path} holds ${records} images, ${labels.path} ${labelled} labels`,
      'give one label an image',
    );
  }
  return { name, records, images, labels };
}

function checkImages(path: string, { shape, type }: ArrayHeader): void {
  if (type.name !== 'uint8') {
    const mend =
      type.kind === 'float'
        ? 'scale them to 0 .. 255 and convert: (images * 255).round().astype(numpy.uint8) where they lie in 0 .. 1'
        : 'convert them: images.astype(numpy.uint8), if all values lie in 0 .. 255';
    throw unsupported(`${path}: images must be uint8, found ${type.name}`, mend);
  }
  if (shape.length < 2) {
    const mend = 'images have the shape [records, ...], e.g. [60000, 28, 28] or [60000, 784]';
    throw unsupported(`${path}: an array of ${shapeText(shape)} holds no images`, mend);
  }
  checkSizes(path, shape);
}

function checkLabels(path: string, { shape, type }: ArrayHeader): void {
  if (type.kind !== 'unsigned' && type.kind !== 'signed') {
    const mend = 'convert them: labels.astype(numpy.uint8), class numbers counted from 0';
    throw unsupported(`${path}: labels must be whole numbers, found ${type.name}`, mend);
  }
  // [records, 1] holds the same numbers in the same order; some libraries save it so.
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1)) {
    const mend = 'labels have the shape [records]; one-hot rows become labels by labels.argmax(axis=1)';
    throw unsupported(`${path}: an array of ${shapeText(shape)} holds no labels`, mend);
  }
  checkSizes(path, shape);
}

function checkSizes(path: string, shape: readonly number[]): void {
  if (elementCount(shape) === 0)
    throw unsupported(`${path}: an array of ${shapeText(shape)} holds nothing`, 'give data');
  const limit = shape.length > MAX_IDX_DIMENSIONS || shape.some((size) => size > MAX_IDX_SIZE);
  if (limit || !Number.isSafeInteger(elementCount(shape))) {
    throw unsupported(`${path}: an array of ${shapeText(shape)} is too large`, 'give fewer or smaller records');
  }
}

function checkSameShape(train: Split, test: Split): void {
  const [a, b] = [train.images.header.shape.slice(1), test.images.header.shape.slice(1)];
  if (a.length === b.length && a.every((size, axis) => size === b[axis])) return;
  throw unsupported(
    `a training image has the shape ${shapeText(a)}, a test image ${shapeText(b)}`,
    `give images of one shape: ${train.images.path} and ${test.images.path} do not belong together`,
  );
}

async function writeImages(staging: string, { name, images }: Split): Promise<MemberFile> {
  const file = ownFile(name, 'images');
  const sums = await writeIdx(staging, file, images.header.shape, arrayBody(images.path, images.header));
  return { file, ...sums, split: name, holds: 'images' };
}

async function writeLabels(staging: string, { name, records, labels }: Split, to: LabelConverter): Promise<MemberFile> {
  async function* converted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of arrayBody(labels.path, labels.header)) yield to.convert(chunk);
  }
  const file = ownFile(name, 'labels');
  return { file, ...(await writeIdx(staging, file, [records], converted())), split: name, holds: 'labels' };
}

async function writeIdx(
  staging: string,
  file: string,
  shape: readonly number[],
  body: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const writer = await MemberWriter.create(staging, file);
  try {
    await writer.write(writeIdxHeader(shape));
    for await (const chunk of body) await writer.write(chunk);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return await writer.finish();
}

async function refuseExisting(name: string, dataDir: string, replace: boolean): Promise<void> {
  if (replace || (await findDataset(name, dataDir)) === undefined) return;
  throw new VernierError('USAGE', `there is a data set ${name} already`, {
    mend: 'add --replace to put this one in its place',
  });
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function unsupported(problem: string, mend: string): VernierError {
  return new VernierError('DATASET_UNSUPPORTED', problem, { mend });
}
