import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { requireReportFolder, writeReport } from '../../../coordinator/cli/report-folder.js';
import { tempFolder } from '../../support/temp-folder.js';

const scratch = tempFolder();

let folder: string;
let count = 0;
beforeEach(() => (folder = join(scratch, `case-${++count}`)));

const files = (content: Record<string, string>): Map<string, string> => new Map(Object.entries(content));
const write = (content: Record<string, string>, force = false): Promise<void> =>
  writeReport(folder, files(content), { force });
const content = (name: string): string => readFileSync(join(folder, name), 'utf8');
const visible = (): string[] => readdirSync(folder).filter((name) => name !== '.vernier-report.json');

describe("a report's folder", () => {
  it('comes to be with all files, and nothing beside it', async () => {
    await write({ 'report.md': 'a', 'figure-1.svg': 'b' });
    expect(visible().sort()).toEqual(['figure-1.svg', 'report.md']);
    expect(content('report.md')).toBe('a');
    expect(readdirSync(scratch).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it("is written over when it is an earlier report's, whose other files go", async () => {
    await write({ 'report.md': 'a', 'figure-1.svg': 'b' });
    await write({ 'report.md': 'c' });
    expect(visible()).toEqual(['report.md']);
    expect(content('report.md')).toBe('c');
  });

  it('is its own still when replacing it was interrupted, and complete again the next time', async () => {
    await write({ 'a.md': 'old', 'b.md': 'old', 'gone.md': 'old' });
    // The first file is replaced, the second cannot be.
    mkdirSync(join(folder, 'c.md', 'full'), { recursive: true });
    await expect(write({ 'a.md': 'new', 'c.md': 'new', 'b.md': 'new' }, true)).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
    });
    expect([content('a.md'), content('b.md'), content('gone.md')]).toEqual(['new', 'old', 'old']);
    rmSync(join(folder, 'c.md'), { recursive: true });
    await requireReportFolder(folder, false);
    await write({ 'a.md': 'newer', 'b.md': 'newer' });
    expect(visible().sort()).toEqual(['a.md', 'b.md']);
    expect([content('a.md'), content('b.md')]).toEqual(['newer', 'newer']);
    // What the interrupted one wrote is no longer a report's.
    writeFileSync(join(folder, 'a.md'), 'new');
    await expect(write({ 'a.md': 'newest' })).rejects.toThrow('its file a.md was changed');
  });

  it('may be an empty folder', async () => {
    mkdirSync(folder);
    await write({ 'report.md': 'a' });
    expect(visible()).toEqual(['report.md']);
  });

  it('is refused when it holds something else, and left as it is', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'report.md'), 'mine');
    const refused = expect.objectContaining({
      code: 'FILE_UNWRITABLE',
      message: `report folder ${folder}: the folder holds files that no report has written`,
      mend: 'name another folder by --output, or give --force to write over what is there',
    });
    await expect(requireReportFolder(folder, false)).rejects.toEqual(refused);
    await expect(write({ 'report.md': 'a' })).rejects.toEqual(refused);
    expect(content('report.md')).toBe('mine');
    expect(visible()).toEqual(['report.md']);
  });

  it('is refused when one of its files was changed, or another would be written over', async () => {
    await write({ 'report.md': 'a' });
    writeFileSync(join(folder, 'report.md'), 'a, and my notes');
    await expect(requireReportFolder(folder, false)).rejects.toThrow('its file report.md was changed');
    await expect(write({ 'report.md': 'b' })).rejects.toThrow('its file report.md was changed');
    expect(content('report.md')).toBe('a, and my notes');
    writeFileSync(join(folder, 'report.md'), 'a');
    writeFileSync(join(folder, 'report.html'), 'mine');
    await expect(write({ 'report.html': 'b' })).rejects.toThrow('no report has written its file report.html');
    expect(content('report.html')).toBe('mine');
  });

  it('keeps what somebody laid beside a report', async () => {
    await write({ 'report.md': 'a' });
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await write({ 'report.md': 'b' });
    expect(visible().sort()).toEqual(['notes.txt', 'report.md']);
  });

  it('is written over by force, other files kept', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'report.md'), 'mine');
    writeFileSync(join(folder, 'notes.txt'), 'mine too');
    await requireReportFolder(folder, true);
    await write({ 'report.md': 'a' }, true);
    expect(content('report.md')).toBe('a');
    expect(content('notes.txt')).toBe('mine too');
  });

  it('is refused by name when it is a file, or nowhere', async () => {
    writeFileSync(folder, '');
    await expect(requireReportFolder(folder, true)).rejects.toThrow(`report folder ${folder}: is a file`);
    await expect(requireReportFolder(join(scratch, 'absent', 'x'), false)).rejects.toThrow(
      'its parent folder does not exist',
    );
    expect(existsSync(join(scratch, 'absent'))).toBe(false);
  });

  it('trusts no list of files that leads out of it', async () => {
    const outside = join(scratch, 'outside.txt');
    writeFileSync(outside, 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, '.vernier-report.json'), JSON.stringify({ files: { '../outside.txt': 'x' } }));
    await write({ 'report.md': 'a' });
    expect(readFileSync(outside, 'utf8')).toBe('mine');
  });

  it('leaves nothing of a report that could not be written', async () => {
    await expect(writeReport(folder, new Map([['no/such/folder.md', 'a']]), { force: false })).rejects.toThrow(
      'cannot be written',
    );
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(scratch).filter((name) => name.includes('.part'))).toEqual([]);
  });
});
