import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  catalogued,
  DATASET_NAME,
  datasetCatalogue,
  datasetIdentity,
  datasetInfoOf,
  imageShapeOf,
  type CatalogueEntry,
  type DatasetInfo,
  type ImageShape,
  type MemberFile,
} from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { packageFile } from '../../proto/package-root.js';
import { isAbsent } from './absent.js';
import { readArrayHeader } from './array-file.js';
import { elementCount } from './array-header.js';
import type { Packing } from './chunks.js';
import { MANIFEST_FILE, parseManifest } from './manifest.js';

/** A data set and where its files lie, or would lie. */
export interface StoredDataset {
  info: DatasetInfo;
  /** Absent for data of the user's own. */
  entry: CatalogueEntry | undefined;
  members: readonly MemberFile[];
  directory: string;
}

/** A data set's place in the data folder, as those need it who change what lies there. */
export interface Place {
  dataDir: string;
  name: string;
  /** Names of all files that may be in its folder. A folder that holds others is never touched: it is not ours. */
  files: readonly string[];
  /** A file without which the folder is not ours either. */
  mark?: string;
}

/** Where the data folder keeps what is unfinished: downloads, unpacking, locks. */
export const WORK_FOLDER = '.incoming';

/** The names that the files of a data set of the user's own have in its folder. */
export function ownFile(split: 'train' | 'test', holds: 'images' | 'labels'): string {
  return `${split}-${holds}.idx`;
}
const OWN_FILES: readonly string[] = [
  ...(['train', 'test'] as const).flatMap((split) => [ownFile(split, 'images'), ownFile(split, 'labels')]),
  MANIFEST_FILE,
];

/** Where a data set lies or is to lie, for whoever changes it. */
export function placeOf(name: string, entry: CatalogueEntry | undefined, dataDir: string): Place {
  return entry === undefined
    ? { dataDir, name, files: OWN_FILES, mark: MANIFEST_FILE }
    : { dataDir, name, files: entry.members.map(({ file }) => file) };
}

/** A data set of the catalogue, whether its files are there or not. */
export function cataloguedDataset(entry: CatalogueEntry, dataDir: string): StoredDataset {
  const { name, source, members } = entry;
  return {
    info: datasetInfoOf(entry),
    entry,
    members,
    directory: source.kind === 'embedded' ? packageFile(`worker/datasets/embedded/${name}`) : join(dataDir, name),
  };
}

/** Where a member lies and how it is packed: embedded ones by brotli, all others not at all. */
export function memberFile(stored: StoredDataset, member: MemberFile): { path: string; packing: Packing } {
  const path = join(stored.directory, member.file);
  return stored.entry?.source.kind === 'embedded'
    ? { path: `${path}.br`, packing: 'brotli' }
    : { path, packing: 'none' };
}

/**
 * The data set of this name: of the catalogue, or the user's own by its manifest.
 *
 * @returns undefined when the catalogue has no such name and the folder has no manifest
 * @throws VernierError DATASET_CORRUPT for a manifest that cannot be used
 */
export async function findDataset(name: string, dataDir: string): Promise<StoredDataset | undefined> {
  const entry = catalogued(name);
  if (entry !== undefined) return cataloguedDataset(entry, dataDir);
  // A name comes from a search file; it must not lead out of the folder.
  if (!DATASET_NAME.test(name)) return undefined;
  const directory = join(dataDir, name);
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST_FILE), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const { members, image: written, ...described } = parseManifest(text, join(directory, MANIFEST_FILE));
  if (described.name !== name) {
    throw new VernierError(
      'DATASET_CORRUPT',
      `${join(directory, MANIFEST_FILE)}: names the data set ${described.name}`,
      {
        mend: `rename the folder to ${described.name}`,
      },
    );
  }
  const image = written ?? (await imageOfFiles(members, directory, described.inputs));
  return {
    info: {
      ...described,
      sha256: datasetIdentity(members, described.classes),
      ...(image === undefined ? {} : { image }),
    },
    entry: undefined,
    members,
    directory,
  };
}

/**
 * How records are images, by the head of the training images' file: manifests of before it was written there lack it. Undefined
 * too when the file cannot be read, which is told by whoever reads the data.
 */
async function imageOfFiles(
  members: readonly MemberFile[],
  directory: string,
  inputs: number,
): Promise<ImageShape | undefined> {
  const images = members.find(({ split, holds }) => split === 'train' && holds === 'images');
  if (images === undefined) return undefined;
  try {
    const { shape } = await readArrayHeader(join(directory, images.file));
    const record = shape.slice(1);
    return elementCount(record) === inputs ? imageShapeOf(record) : undefined;
  } catch {
    return undefined;
  }
}

export interface MemberState {
  member: MemberFile;
  path: string;
  /** Size on disk, packed or not; undefined when the file is not there. */
  bytes: number | undefined;
  /** There, and of the expected size where that is known (packed files' is not). */
  complete: boolean;
}

/** What is there of a data set, by names and sizes alone: cheap enough for every start of a worker. */
export async function memberStates(stored: StoredDataset): Promise<MemberState[]> {
  return await Promise.all(
    stored.members.map(async (member) => {
      const { path, packing } = memberFile(stored, member);
      const bytes = await sizeOf(path);
      return { member, path, bytes, complete: bytes !== undefined && (packing !== 'none' || bytes === member.bytes) };
    }),
  );
}

/** Whether all is there, by names and sizes alone. */
export async function isComplete(stored: StoredDataset): Promise<boolean> {
  return (await memberStates(stored)).every(({ complete }) => complete);
}

/** Names with anything of theirs in the data folder, and the whole catalogue; catalogue first. */
export async function knownNames(dataDir: string): Promise<string[]> {
  let folders: string[] = [];
  try {
    folders = (await readdir(dataDir, { withFileTypes: true }))
      .filter((each) => each.isDirectory())
      .map((each) => each.name);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  const own = folders.filter((name) => DATASET_NAME.test(name) && catalogued(name) === undefined).sort();
  return [...datasetCatalogue.map(({ name }) => name), ...own];
}

/** Of a file, in bytes; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
