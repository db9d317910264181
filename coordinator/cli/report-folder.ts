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
    const manifest = manifestOf(files);
    await writeAtomically(join(draft, MANIFEST), (file) => file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`));
    if (isNew) {
      await rename(draft, path);
      return;
    }
    const former = await readManifest(path);
    for (const name of files.keys()) await rename(join(draft, name), join(path, name));
    await rename(join(draft, MANIFEST), join(path, MANIFEST));
    for (const name of Object.keys(former?.files ?? {}))
      if (!files.has(name)) await rm(join(path, name), { force: true });
  } catch (error) {
    throw error instanceof VernierError ? error : unwritable(folder, (error as Error).message);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** @param about files that are about to be written, as far as they are known */
async function requireOwn(path: string, shown: string, about: readonly string[]): Promise<void> {
  const manifest = await readManifest(path);
  const there = await readdir(path);
  if (manifest === undefined) {
    if (there.length === 0) return;
    throw unwritable(shown, 'the folder holds files that no report has written', HOW_TO_GO_ON);
  }
  const stranger = about.find((name) => there.includes(name) && !Object.hasOwn(manifest.files, name));
  if (stranger !== undefined) throw unwritable(shown, `no report has written its file ${stranger}`, HOW_TO_GO_ON);
  for (const [name, sha256] of Object.entries(manifest.files)) {
    if (!there.includes(name)) continue;
    const file = join(path, name);
    const isSame = (await lstat(file)).isFile() && sha256Hex(await readFile(file)) === sha256;
    if (!isSame)
      throw unwritable(shown, `its file ${printable(name)} was changed since a report wrote it`, HOW_TO_GO_ON);
  }
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  const text = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { files } = JSON.parse(text) as Partial<Manifest>;
    const named = Object.entries(files ?? {}).filter(([name]) => name === join(name) && !/[/\\]|^\.\.?$/.test(name));
    return { files: Object.fromEntries(named) };
  } catch {
    return undefined; // not one that a report wrote
  }
}

function manifestOf(files: ReadonlyMap<string, string | Uint8Array>): Manifest {
  return { files: Object.fromEntries([...files].map(([name, content]) => [name, sha256Hex(content)])) };
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
