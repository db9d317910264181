import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { catalogued } from '../../../proto/datasets.js';
import { addOwn } from '../../../worker/datasets/add-own.js';
import { loadDataset } from '../../../worker/datasets/load.js';
import { incompleteDatasets, localDatasets } from '../../../worker/datasets/local.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { idx, noise } from '../../support/datasets.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(folder, 'data-'));
});

/** Adds a small data set of one's own. */
async function addDigits(): Promise<string> {
  const files = {
    'train-images': idx([5, 2, 2], noise(20)),
    'train-labels': idx([5], Uint8Array.of(0, 1, 2, 1, 0)),
    'test-images': idx([2, 2, 2], noise(8)),
    'test-labels': idx([2], Uint8Array.of(2, 0)),
  };
  const source = await mkdtemp(join(folder, 'source-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(source, `${name}.idx`), content);
  return (await addOwn('digits', dataDir, { folder: source })).stored.directory;
}

/** Loads, which must fail, and checks that the memory was given back: what it held can be allocated once more. */
async function failure(name: string, sha256?: string): Promise<unknown> {
  const memory = new NodeMemory();
  const before = memory.allocate(1);
  const error: unknown = await loadDataset(name, sha256, memory, dataDir).then(
    () => expect.fail('it loaded'),
    (reason: unknown) => reason,
  );
  expect(memory.allocate(64).offset).toBe(before.offset + before.bytes);
  return error;
}

const name = 'fashion-mnist-mini';

describe('loadDataset', () => {
  it('reads the embedded data set, with nothing in the data folder', async () => {
    const memory = new NodeMemory();
    const { info, train, test } = await loadDataset(name, catalogued(name)?.sha256, memory, join(dataDir, 'nosuch'));
    expect(info).toMatchObject({ name, train: 7000, test: 1000, inputs: 784, classes: 10 });
    const all = Buffer.from(memory.memory.buffer);
    const labels = [...all.subarray(train.labels.offset, train.labels.offset + 7000)];
    const count = (part: number[]): number[] =>
      Array.from({ length: 10 }, (_, k) => part.filter((l) => l === k).length);
    // Class-balanced, and so are the training and the validation part of it.
    expect(count(labels.slice(0, 6000))).toEqual(Array.from({ length: 10 }, () => 600));
    expect(count(labels.slice(6000))).toEqual(Array.from({ length: 10 }, () => 100));
    const testLabels = [...all.subarray(test.labels.offset, test.labels.offset + 1000)];
    expect(count(testLabels)).toEqual(Array.from({ length: 10 }, () => 100));
    // The images, behind the header they lay behind, have the sum of the catalogue.
    const images = all.subarray(train.images.offset, train.images.offset + 7000 * 784);
    const sum = createHash('sha256')
      .update(idx([7000, 28, 28], images))
      .digest('hex');
    expect(sum).toBe(catalogued(name)?.members[0]?.sha256);
  });

  it('is told apart from another one of the same name', async () => {
    await addDigits();
    expect(await failure('digits', 'f'.repeat(64))).toMatchObject({
      code: 'DATASET_MISMATCH',
      message: expect.stringContaining('the search was made for ffffffffffff..., this machine has ') as string,
      mend: 'add the same files on every machine: vernier data add digits PATH --replace',
    });
  });

  it('says how to get what is not there', async () => {
    expect(await failure('nosuch')).toMatchObject({ code: 'DATASET_MISSING' });
    expect(await failure('../etc')).toMatchObject({ code: 'DATASET_MISSING' });
    expect(await failure('mnist')).toMatchObject({
      code: 'DATASET_MISSING',
      message: `data set mnist: ${join(dataDir, 'mnist', 'train-images-idx3-ubyte')} is not there`,
      mend: 'get it: vernier data fetch mnist, or vernier data add mnist PATH',
    });
  });

  it.each<[string, (directory: string) => void, string]>([
    [
      'a byte is changed',
      (directory) => {
        const path = join(directory, 'test-images.idx');
        const content = readFileSync(path);
        content[20] = (content[20] ?? 0) ^ 1;
        writeFileSync(path, content);
      },
      'test-images.idx: expected SHA-256 ',
    ],
    [
      'a file is cut',
      (directory) => truncateSync(join(directory, 'train-labels.idx'), 10),
      'expected 13 bytes, found 10',
    ],
    ['a file is empty', (directory) => truncateSync(join(directory, 'train-labels.idx')), 'expected 13 bytes, found 0'],
    ['a file is longer', (directory) => writeFileSync(join(directory, 'test-labels.idx'), noise(11)), 'found 11'],
    [
      'a file is a folder',
      (directory) => {
        rmSync(join(directory, 'train-images.idx'));
        mkdirSync(join(directory, 'train-images.idx'));
      },
      'cannot be read',
    ],
    ['the manifest is cut', (directory) => truncateSync(join(directory, 'dataset.json'), 40), 'not JSON'],
  ])('fails clearly when %s', async (_case, damage, message) => {
    damage(await addDigits());
    expect(await failure('digits')).toMatchObject({
      code: 'DATASET_CORRUPT',
      message: expect.stringContaining(message) as string,
      mend: expect.stringContaining('vernier data add') as string,
    });
  });

  it('fails clearly when the manifest tells of fewer classes than the labels have', async () => {
    const manifest = join(await addDigits(), 'dataset.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"classes": 3', '"classes": 2'));
    expect(await failure('digits')).toMatchObject({
      code: 'DATASET_CORRUPT',
      message: 'data set digits: label 2 of train record 2 is outside 0 .. 1',
    });
  });
});

describe('localDatasets', () => {
  it('lists what is complete, the embedded one first, and leaves out what is broken', async () => {
    const names = async (): Promise<string[]> => (await localDatasets({}, dataDir)).map((info) => info.name);
    expect(await names()).toEqual([name]);
    const directory = await addDigits();
    mkdirSync(join(dataDir, 'not-a-data-set'));
    expect(await names()).toEqual([name, 'digits']);
    truncateSync(join(directory, 'test-labels.idx'), 9);
    expect(await names()).toEqual([name]);
    writeFileSync(join(directory, 'dataset.json'), '{}');
    expect(await names()).toEqual([name]);
  });

  it('has the embedded one where the data folder cannot be read', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    const infos = await localDatasets({ VERNIER_DATA_DIR: join(dataDir, 'file') });
    expect(infos.map((info) => info.name)).toEqual([name]);
  });
});

describe('incompleteDatasets', () => {
  it("has the user's own of which a file is missing or cut, with what is wrong", async () => {
    const problems = async (): Promise<string[]> =>
      (await incompleteDatasets({}, dataDir)).map(({ info, problem }) => `${info.name}: ${problem}`);
    const directory = await addDigits();
    expect(await problems()).toEqual([]);
    truncateSync(join(directory, 'test-labels.idx'), 9);
    expect(await problems()).toEqual([expect.stringMatching(/^digits: test-labels\.idx has 9 bytes instead of \d+$/)]);
    for (const file of readdirSync(directory)) if (file !== 'dataset.json') rmSync(join(directory, file));
    expect(await problems()).toEqual(['digits: its files are missing']);
  });
});
