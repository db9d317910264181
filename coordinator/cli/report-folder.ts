import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sha256Hex } from '../../proto/canonical.js';
import { VernierError } from '../../proto/errors.js';
import { printable } from '../report/format.js';
import { writeAtomically } from './atomic-file.js';

/** Tells which of a folder's files a report has written, and with which content: nothing else is ever written over. */
const MANIFEST = '.vernier-report.json';

interface Manifest {
  /** File name -> SHA-256 of what was written. */
  files: Record<string, string>;
  /** Of the reports that are being replaced: whoever is interrupted then leaves files of both. */
  former?: Record<string, readonly string[]>;
}

const HOW_TO_GO_ON = 'name another folder by --output, or give --force to write over what is there';

/**
 * Tells before long work that a report has no place to go, or would write over what is no report's.
 *
 * @throws VernierError FILE_UNWRITABLE
 */
export async function requireReportFolder(folder: string, force: boolean): Promise<void> {
  const path = resolve(folder);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unwritable(folder, error.message);
  });
  if (found !== undefined && !found.isDirectory()) throw unwritable(folder, 'is a file', 'name a folder by --output');
  const written = found === undefined ? dirname(path) : path;
  await access(written, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'its parent folder does not exist' : 'writing is not allowed there';
    throw unwritable(folder, why, 'name another folder by --output');
  });
  if (found !== undefined && !force) await requireOwn(path, folder, []);
}

/**
 * Writes a report's files. A folder that is not there yet comes to be with all of them; in one that is there, each file is
 * replaced whole, and what an earlier report left that this one has not is removed.
 *
 * @throws VernierError FILE_UNWRITABLE when the folder holds anything but an earlier report that nobody changed, unless forced
 */
export async function writeReport(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  { force }: { force: boolean },
): Promise<void> {
  const path = resolve(folder);
  await requireReportFolder(folder, force);
  const isNew = !(await exists(path));
  if (!isNew && !force) await requireOwn(path, folder, [...files.keys()]);
  const draft = `${isNew ? path : join(path, '.draft')}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(draft);
    for (const [name, content] of files) await writeAtomically(join(draft, name), (file) => file.writeFile(content));
    const manifest = { files: sumsOf(files) };
    if (isNew) {
      await writeManifest(draft, manifest);
      await rename(draft, path);
      return;
    }
    const written = (await readManifest(path)) ?? new Map<string, readonly string[]>();
    await writeManifest(path, { ...manifest, former: Object.fromEntries(written) });
    for (const name of files.keys()) await rename(join(draft, name), join(path, name));
    for (const name of written.keys()) if (!files.has(name)) await rm(join(path, name), { force: true });
    await writeManifest(path, manifest);
  } catch (error) {
    throw error instanceof VernierError ? error : unwritable(folder, (error as Error).message);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** @param about files that are about to be written, as far as they are known */
async function requireOwn(path: string, shown: string, about: readonly string[]): Promise<void> {
  const written = await readManifest(path);
  const there = await readdir(path);
  if (written === undefined) {
    if (there.length === 0) return;
    throw unwritable(shown, 'the folder holds files that no report has written', HOW_TO_GO_ON);
  }
  const stranger = about.find((name) => there.includes(name) && !written.has(name));
  if (stranger !== undefined) throw unwritable(shown, `no report has written its file ${stranger}`, HOW_TO_GO_ON);
  for (const [name, sums] of written) {
    if (!there.includes(name)) continue;
    const file = join(path, name);
    const isSame = (await lstat(file)).isFile() && sums.includes(sha256Hex(await readFile(file)));
    if (!isSame)
      throw unwritable(shown, `its file ${printable(name)} was changed since a report wrote it`, HOW_TO_GO_ON);
  }
}

/** The files that reports have written, each with the sums that it may have; undefined in a folder without a report. */
async function readManifest(path: string): Promise<Map<string, readonly string[]> | undefined> {
  const text = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const written = new Map<string, readonly string[]>();
  try {
    const { files, former } = JSON.parse(text) as Partial<Manifest>;
    for (const [name, sums] of [files, former].flatMap((each) => Object.entries(each ?? {}))) {
      if (name !== join(name) || /[/\\]|^\.\.?$/.test(name)) continue;
      written.set(name, [...(written.get(name) ?? []), ...[sums].flat()]);
    }
    return written;
  } catch {
    return undefined; // not one that a report wrote
  }
}

function writeManifest(path: string, manifest: Manifest): Promise<void> {
  return writeAtomically(join(path, MANIFEST), (file) => file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`));
}

function sumsOf(files: ReadonlyMap<string, string | Uint8Array>): Manifest['files'] {
  return Object.fromEntries([...files].map(([name, content]) => [name, sha256Hex(content)]));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unwritable(folder: string, why: string, mend = HOW_TO_GO_ON): VernierError {
  return new VernierError('FILE_UNWRITABLE', `report folder ${folder}: ${why}`, { mend });
}
