import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry, MemberFile } from '../../proto/datasets.js';
import { unpackArchive } from './archive.js';
import { lacking } from './lacking.js';
import { writeMember } from './member-writer.js';
import { readable, sourceChunks } from './source.js';
import { cataloguedDataset, isComplete, placeOf, type StoredDataset } from './stored.js';
import { isSound } from './verify.js';
import { withWorkFolder } from './work-folder.js';

/**
 * Adds a data set of the catalogue from what the user has: an archive in any packing of tar, or a folder of its files (itself
 * or one level down), gzipped or not. Every file is checked by its SHA-256. A data set that is there with the right sums
 * is left as it is.
 *
 * @param onMember called with the name of each file that was checked
 * @throws VernierError FILE_UNREADABLE, DATASET_CORRUPT, DATASET_UNSUPPORTED, DATASET_BUSY, DATA_FOLDER_UNUSABLE
 */
export async function addCatalogued(
  entry: CatalogueEntry,
  path: string,
  dataDir: string,
  onMember: (file: string) => void = () => {},
): Promise<{ stored: StoredDataset; already: boolean }> {
  const { name, members } = entry;
  const stored = cataloguedDataset(entry, dataDir);
  const isFolder = (await readable(path, () => stat(path))).isDirectory();
  if ((await isComplete(stored)) && (await isSound(stored))) return { stored, already: true };

  const found = isFolder ? await findMembers(path, members) : undefined;
  await withWorkFolder(placeOf(name, entry, dataDir), async ({ staging, install }) => {
    if (found === undefined) {
      await unpackArchive(path, members, staging, path, onMember);
    } else {
      for (const { member, source } of found) {
        await writeMember(staging, member, sourceChunks(source), source);
        onMember(member.file);
      }
    }
    await install();
  });
  return { stored, already: false };
}

/** Looks for the files in a folder, and if it holds none of them, in the folders within. */
async function findMembers(
  path: string,
  members: readonly MemberFile[],
): Promise<{ member: MemberFile; source: string }[]> {
  const entries = await readable(path, () => readdir(path, { withFileTypes: true }));
  const within = entries.filter((each) => each.isDirectory()).map((each) => join(path, each.name));
  const seen = new Set<string>();
  let nearest: { folder: string; absent: string[] } | undefined;
  for (const folder of [path, ...within.sort()]) {
    const names = new Set(await readable(folder, () => readdir(folder)));
    for (const name of names) seen.add(name);
    const found = members.map((member) => ({ member, name: namesOf(member).find((name) => names.has(name)) }));
    const absent = found.filter(({ name }) => name === undefined).map(({ member }) => member.file);
    if (absent.length === 0) return found.map(({ member, name = '' }) => ({ member, source: join(folder, name) }));
    if (nearest === undefined || absent.length < nearest.absent.length) nearest = { folder, absent };
  }
  throw lacking(nearest?.folder ?? path, nearest?.absent ?? [], seen);
}

/** What a file may be called: gzipped, and with the dot of old copies of MNIST (train-images.idx3-ubyte). */
function namesOf({ file }: MemberFile): string[] {
  const dotted = file.replace('-idx', '.idx');
  return [file, `${file}.gz`, dotted, `${dotted}.gz`];
}
