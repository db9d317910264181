import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireWritable, writeAtomically } from '../../../coordinator/cli/atomic-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vernier-atomic-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a file written atomically', () => {
  it('replaces the former one when it is whole', async () => {
    const path = join(folder, 'out');
    await writeFile(path, 'before');
    await writeAtomically(path, async (file) => {
      await file.writeFile('after');
      expect(await readFile(path, 'utf8')).toBe('before');
    });
    expect(await readFile(path, 'utf8')).toBe('after');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('leaves nothing, and the former one as it was, when writing fails', async () => {
    const path = join(folder, 'out');
    await writeFile(path, 'before');
    const failing = writeAtomically(path, async (file) => {
      await file.writeFile('half');
      throw new Error('interrupted');
    });
    await expect(failing).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
    expect(await readFile(path, 'utf8')).toBe('before');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('is refused before work is spent on it', async () => {
    await expect(requireWritable(folder)).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      message: `${folder} cannot be written: is a folder`,
    });
    const nowhere = join(folder, 'no', 'out');
    await expect(requireWritable(nowhere)).rejects.toMatchObject({
      message: `${nowhere} cannot be written: its folder does not exist`,
    });
    await expect(requireWritable(join(folder, 'out'))).resolves.toBeUndefined();
  });
});
