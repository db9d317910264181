import { existsSync, mkdirSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { catalogued } from '../../../proto/datasets.js';
import { addOwn } from '../../../worker/datasets/add-own.js';
import { removeDataset } from '../../../worker/datasets/remove.js';
import { surveyDataset, surveyDatasets } from '../../../worker/datasets/survey.js';
import { idx, noise } from '../../support/datasets.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(folder, 'data-'));
});

/** Files of the right names and sizes, as a catalogued data set's; their sums are not looked at. */
function placeMnist(): string {
  const directory = join(dataDir, 'mnist');
  mkdirSync(directory);
  for (const { file, bytes } of catalogued('mnist')?.members ?? []) {
    writeFileSync(join(directory, file), '');
    truncateSync(join(directory, file), bytes);
  }
  return directory;
}

describe('survey', () => {
  it('tells complete, incomplete and absent apart', async () => {
    const state = async (): Promise<unknown> => {
      const report = await surveyDataset('mnist', dataDir);
      return [report?.state, report?.bytes, report?.problem];
    };
    expect(await state()).toEqual(['absent', 0, undefined]);
    const directory = placeMnist();
    const bytes = 47_040_016 + 60_008 + 7_840_016 + 10_008;
    expect(await state()).toEqual(['complete', bytes, undefined]);
    truncateSync(join(directory, 't10k-labels-idx1-ubyte'), 8);
    expect(await state()).toEqual([
      'incomplete',
      bytes - 10_000,
      't10k-labels-idx1-ubyte has 8 bytes instead of 10008',
    ]);
    unlinkSync(join(directory, 'train-labels-idx1-ubyte'));
    expect(await state()).toEqual([
      'incomplete',
      bytes - 60_008 - 10_000,
      'train-labels-idx1-ubyte is missing, and 1 more',
    ]);
  });

  it('knows how much of a download is there', async () => {
    const downloads = join(dataDir, '.incoming', 'cifar10', 'downloads');
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, 'archive.part'), noise(1234));
    writeFileSync(join(downloads, 'archive.part.json'), '{}');
    expect(await surveyDataset('cifar10', dataDir)).toMatchObject({ state: 'absent', downloadedBytes: 1234 });
    expect(await removeDataset('cifar10', dataDir)).toBe(1234);
    expect(existsSync(downloads)).toBe(false);
  });

  it('shows one of the user’s own whose manifest is broken, and leaves out other folders', async () => {
    for (const name of ['digits', 'holiday', 'Capitals', '.hidden']) mkdirSync(join(dataDir, name));
    writeFileSync(join(dataDir, 'digits', 'dataset.json'), 'not a manifest');
    const own = (await surveyDatasets(dataDir)).filter(({ source }) => source === 'own');
    expect(own).toEqual([
      expect.objectContaining({
        name: 'digits',
        state: 'unusable',
        problem: expect.stringContaining('not JSON') as string,
      }),
    ]);
  });

  it('of a folder that is not there knows the catalogue', async () => {
    const reports = await surveyDatasets(join(dataDir, 'nosuch'));
    expect(reports.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'fashion-mnist-mini complete',
      'cifar10 absent',
      'fashion-mnist absent',
      'mnist absent',
    ]);
  });
});

describe('removeDataset', () => {
  it('removes one of the catalogue, and of the user’s own', async () => {
    placeMnist();
    expect(await removeDataset('mnist', dataDir)).toBe(54_950_048);
    expect(existsSync(join(dataDir, 'mnist'))).toBe(false);
    const source = await mkdtemp(join(folder, 'source-'));
    writeFileSync(join(source, 'train-images.idx'), idx([2, 3], noise(6)));
    writeFileSync(join(source, 'train-labels.idx'), idx([2], Uint8Array.of(0, 1)));
    await addOwn('digits', dataDir, { folder: source });
    expect(await removeDataset('digits', dataDir)).toBe(18 + 10);
    expect(existsSync(join(dataDir, 'digits'))).toBe(false);
  });

  it.each([
    ['mnist', 'DATASET_MISSING', 'there is nothing to remove'],
    ['fashion-mnist-mini', 'USAGE', 'is part of Vernier'],
    ['mnits', 'DATASET_UNKNOWN', 'there is no data set "mnits"'],
    ['holiday', 'DATASET_UNKNOWN', 'there is no data set "holiday"'],
    ['..', 'DATASET_UNKNOWN', 'there is no data set ".."'],
  ])('refuses %s', async (name, code, message) => {
    mkdirSync(join(dataDir, 'holiday'));
    const failed = removeDataset(name, dataDir);
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(message);
    expect(existsSync(join(dataDir, 'holiday'))).toBe(true);
  });

  it('says which name was probably meant', async () => {
    await expect(removeDataset('mnits', dataDir)).rejects.toMatchObject({ mend: 'did you mean mnist?' });
  });
});
