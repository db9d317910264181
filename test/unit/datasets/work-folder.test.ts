import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '../../../worker/datasets/stored.js';
import { withWorkFolder } from '../../../worker/datasets/work-folder.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
let dataDir: string;
let place: Place;
let installed: string;
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(folder, 'case-')), 'not', 'there', 'yet');
  place = { dataDir, name: 'digits', files: ['a', 'b'] };
  installed = join(dataDir, 'digits');
});

const install = (content: string): Promise<void> =>
  withWorkFolder(place, async (work) => {
    writeFileSync(join(work.staging, 'a'), content);
    await work.install();
  });
const content = (): string => readFileSync(join(installed, 'a'), 'utf8');
/** What lies about beside the data set; the lock's file stays. */
const leftovers = (): string[] => readdirSync(join(dataDir, '.incoming')).filter((name) => name !== 'digits.lock');

describe('withWorkFolder', () => {
  it('installs what was staged, replaces what was there, and leaves nothing behind', async () => {
    await install('first');
    expect(content()).toBe('first');
    await install('second');
    expect(content()).toBe('second');
    expect(leftovers()).toEqual([]);
  });

  it('shows nothing of an attempt that failed, and keeps its downloads', async () => {
    const failed = withWorkFolder(place, async ({ staging, downloads }) => {
      writeFileSync(join(staging, 'a'), 'half');
      writeFileSync(join(downloads, 'archive.part'), 'begun');
      throw new Error('cut');
    });
    await expect(failed).rejects.toThrow('cut');
    expect(existsSync(installed)).toBe(false);
    await withWorkFolder(place, async ({ staging, downloads }) => {
      expect(readdirSync(staging)).toEqual([]);
      expect(readFileSync(join(downloads, 'archive.part'), 'utf8')).toBe('begun');
    });
  });

  it('is for one at a time, in this process and any other', async () => {
    await withWorkFolder(place, async () => {
      await expect(install('other')).rejects.toMatchObject({
        code: 'DATASET_BUSY',
        message: 'data set digits: another process is fetching, adding or removing it',
      });
      // Another data set is nobody's business.
      await withWorkFolder({ ...place, name: 'letters' }, ({ install: put }) => put());
    });
    await install('now');
    expect(content()).toBe('now');
  });

  it('brings back what a killed replacement had moved away', async () => {
    await install('first');
    // As a process leaves it that is killed between its two renames.
    const work = join(dataDir, '.incoming', 'digits');
    mkdirSync(join(work, 'replaced'), { recursive: true });
    writeFileSync(join(work, 'replaced', 'a'), 'old');
    mkdirSync(join(work, 'staging'));
    writeFileSync(join(work, 'staging', 'a'), 'half');
    await withWorkFolder(place, async () => {});
    expect(content()).toBe('first'); // it was installed after all
    await withWorkFolder(place, ({ remove }) => remove());
    mkdirSync(join(work, 'replaced'), { recursive: true });
    writeFileSync(join(work, 'replaced', 'a'), 'old');
    await withWorkFolder(place, async () => {});
    expect(content()).toBe('old');
    expect(leftovers()).toEqual([]);
  });

  it('removes the data set and its downloads', async () => {
    await install('first');
    await withWorkFolder(place, async ({ downloads, remove }) => {
      writeFileSync(join(downloads, 'archive.part'), 'begun');
      await remove();
    });
    expect(existsSync(installed)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('never touches a folder that holds anything else', async () => {
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'a'), 'theirs');
    writeFileSync(join(installed, 'thesis.txt'), 'theirs');
    const refusal = { code: 'DATA_FOLDER_UNUSABLE', message: expect.stringContaining('holds thesis.txt') as string };
    await expect(install('ours')).rejects.toMatchObject(refusal);
    await expect(withWorkFolder(place, ({ remove }) => remove())).rejects.toMatchObject(refusal);
    expect(readdirSync(installed).sort()).toEqual(['a', 'thesis.txt']);
    expect(content()).toBe('theirs');
  });

  it('never touches a folder without its mark, whatever the names in it', async () => {
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'a'), 'theirs');
    const marked = withWorkFolder({ ...place, files: ['a', 'mark'], mark: 'mark' }, ({ remove }) => remove());
    await expect(marked).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    expect(content()).toBe('theirs');
  });

  it('says what is wrong with a data folder that cannot be used', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(withWorkFolder({ ...place, dataDir: file }, async () => {})).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
      message: expect.stringContaining(`data folder ${file}: a part of its path is no folder`) as string,
      mend: expect.stringContaining('--data-dir FOLDER or VERNIER_DATA_DIR') as string,
    });
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the disk quota is used up'],
    ['EACCES', 'no permission'],
    ['EROFS', 'the file system is read-only'],
  ])('tells %s as "%s", and leaves no half data set', async (code, words) => {
    const failed = withWorkFolder(place, async ({ staging }) => {
      writeFileSync(join(staging, 'a'), 'half');
      throw Object.assign(new Error(`${code}: as the system says it`), { code });
    });
    await expect(failed).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
      message: `data folder ${dataDir}: ${words} (${code}: as the system says it)`,
    });
    expect(existsSync(installed)).toBe(false);
    expect(leftovers()).toEqual([]);
  });
});
