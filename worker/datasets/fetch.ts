import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { unpackArchive } from './archive.js';
import { download, parseAddress, type DownloadOptions } from './download.js';
import { writeMember } from './member-writer.js';
import { sourceChunks } from './source.js';
import { cataloguedDataset, isComplete, placeOf, type StoredDataset } from './stored.js';
import { isSound } from './verify.js';
import { withWorkFolder } from './work-folder.js';

export interface FetchOptions {
  /** Instead of the official address: the archive, or the folder of the gzipped files. */
  url?: string;
  /** `file` is what is being downloaded; `received` bytes of it are there, of `total` where the server says how many. */
  onProgress?: (file: string, received: number, total: number | undefined) => void;
  onRetry?: (problem: string, waitMs: number) => void;
  /** A file was unpacked and its sum is right. */
  onMember?: (file: string) => void;
  sleep?: DownloadOptions['sleep'];
  stallMs?: number;
}

/**
 * Downloads a data set of the catalogue into the data folder. One that is there with the right sums is left as it is.
 *
 * @throws VernierError DOWNLOAD_FAILED, DATASET_CORRUPT (what was downloaded is not it, and is thrown away), DATASET_BUSY,
 *   DATA_FOLDER_UNUSABLE, USAGE
 */
export async function fetchDataset(
  entry: CatalogueEntry,
  dataDir: string,
  options: FetchOptions = {},
): Promise<{ stored: StoredDataset; already: boolean }> {
  const { source, members } = entry;
  const stored = cataloguedDataset(entry, dataDir);
  const url = options.url === undefined ? undefined : parseAddress(options.url);
  if (source.kind === 'embedded') return { stored, already: true };
  if ((await isComplete(stored)) && (await isSound(stored))) return { stored, already: true };

  await withWorkFolder(placeOf(entry.name, entry, dataDir), async ({ downloads, staging, install }) => {
    if (source.kind === 'archive') {
      const address = url ?? new URL(source.url);
      await get(address, join(downloads, 'archive'), options, (path) =>
        unpackArchive(path, members, staging, address.href, options.onMember),
      );
    } else {
      const folder = asFolder(url ?? new URL(source.url));
      for (const member of members) {
        const address = new URL(`${member.file}.gz`, folder);
        await get(address, join(downloads, `${member.file}.gz`), options, (path) =>
          writeMember(staging, member, sourceChunks(path, address.href), address.href),
        );
        options.onMember?.(member.file);
      }
    }
    await install();
  });
  return { stored, already: false };
}

/** Downloads and uses one file. When its content is wrong it is thrown away, so that the next try does not use it again. */
async function get(
  address: URL,
  target: string,
  options: FetchOptions,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const { onProgress, onRetry, sleep, stallMs } = options;
  const file = address.pathname.slice(address.pathname.lastIndexOf('/') + 1) || address.host;
  await download(address.href, target, {
    ...(onProgress === undefined ? {} : { onProgress: (received, total) => onProgress(file, received, total) }),
    ...(onRetry === undefined ? {} : { onRetry }),
    ...(sleep === undefined ? {} : { sleep }),
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  try {
    await use(target);
  } catch (error) {
    if (!(error instanceof VernierError)) throw error;
    await rm(target, { force: true });
    throw new VernierError(error.code, error.message, {
      mend: 'the download was thrown away; try again, or name another address with --url',
      cause: error,
    });
  }
}

/** Relative addresses replace what follows the last slash. */
function asFolder(url: URL): URL {
  const folder = new URL(url);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}
