import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../proto/sqlite.js';
import { VernierError } from '../../proto/errors.js';
import { isAbsent } from './absent.js';
import { folderError } from './folder-error.js';
import { WORK_FOLDER, type Place } from './stored.js';

/** Exclusive use of one data set's place in the data folder. */
export interface Work {
  /** Keeps downloads between runs, so that a cut one goes on. */
  downloads: string;
  /** An empty folder for the new data set's files. */
  staging: string;
  /** Puts the staged files in place of whatever was there, at once. */
  install: () => Promise<void>;
  /** Removes the data set and its unfinished downloads. */
  remove: () => Promise<void>;
}

/** Where downloads of this data set are kept until they are whole. */
export function downloadsFolder(dataDir: string, name: string): string {
  return join(dataDir, WORK_FOLDER, name, 'downloads');
}

/**
 * Runs `use` as the only process that changes this data set. Files come to be in `staging`, on the data folder's own
 * file system, and appear under the data set's name by one rename; whatever else happens, no half data set stands there.
 *
 * @throws VernierError DATASET_BUSY when another process is at it; DATA_FOLDER_UNUSABLE for a full disk, a folder that
 *   cannot be written, or one under the data set's name that holds something else
 */
export async function withWorkFolder<T>(place: Place, use: (work: Work) => Promise<T>): Promise<T> {
  const { dataDir, name } = place;
  const root = join(dataDir, WORK_FOLDER);
  try {
    await mkdir(root, { recursive: true });
    const unlock = lock(join(root, `${name}.lock`), name);
    try {
      return await workIn(place, join(root, name), use);
    } finally {
      unlock();
    }
  } catch (error) {
    throw folderError(error, dataDir);
  }
}

async function workIn<T>(place: Place, workFolder: string, use: (work: Work) => Promise<T>): Promise<T> {
  const installed = join(place.dataDir, place.name);
  const staging = join(workFolder, 'staging');
  const replaced = join(workFolder, 'replaced');
  const removed = join(workFolder, 'removed');
  const downloads = downloadsFolder(place.dataDir, place.name);
  const tidy = async (): Promise<void> => {
    await rm(staging, { recursive: true, force: true });
    await rm(removed, { recursive: true, force: true });
    if (!(await exists(replaced))) return;
    // Between the two renames of a replacement, what was moved away is still the data set.
    if (await exists(installed)) await rm(replaced, { recursive: true, force: true });
    else await rename(replaced, installed);
  };
  await tidy(); // what a process that was killed left behind
  try {
    await refuseForeign(place, installed);
    await mkdir(staging, { recursive: true });
    await mkdir(downloads, { recursive: true });
    return await use({
      downloads,
      staging,
      install: async () => {
        await refuseForeign(place, installed);
        await rename(installed, replaced).catch(unlessAbsent);
        await rename(staging, installed);
        await rm(downloads, { recursive: true, force: true });
      },
      remove: async () => {
        await refuseForeign(place, installed);
        await rename(installed, removed).catch(unlessAbsent);
        await rm(downloads, { recursive: true, force: true });
      },
    });
  } finally {
    await tidy();
    await removeEmpty(downloads);
    await removeEmpty(workFolder);
  }
}

async function refuseForeign({ name, files, mark }: Place, folder: string): Promise<void> {
  let found: string[];
  try {
    found = await readdir(folder);
  } catch (error) {
    return unlessAbsent(error);
  }
  const unmarked = mark !== undefined && !found.includes(mark);
  const foreign = found.find((file) => unmarked || !files.includes(file));
  if (foreign === undefined) return;
  throw new VernierError(
    'DATA_FOLDER_UNUSABLE',
    `${folder} holds ${foreign}, which is no part of the data set ${name}`,
    {
      mend: 'move that away, or choose another place: --data-dir FOLDER or VERNIER_DATA_DIR',
    },
  );
}

/**
 * An exclusive lock that ends with the process however it ends: SQLite's, which is the operating system's. The file stays,
 * because removing it would let two processes lock two files of one name.
 */
function lock(path: string, name: string): () => void {
  const database = openDatabase(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    throw new VernierError('DATASET_BUSY', `data set ${name}: another process is fetching, adding or removing it`, {
      mend: 'wait until it has ended',
    });
  }
  return () => database.close();
}

async function exists(path: string): Promise<boolean> {
  return (await readdir(path).catch(unlessAbsent)) !== undefined;
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') unlessAbsent(error);
  });
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
  return undefined;
}
