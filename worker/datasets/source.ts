import { open } from 'node:fs/promises';
import { VernierError } from '../../proto/errors.js';
import { fileChunks, isPackingError } from './chunks.js';
import { isAbsent } from './absent.js';

/** How packed files start; names lie. */
const MAGIC: readonly { packing: string; starts: readonly number[] }[] = [
  { packing: 'gzip', starts: [0x1f, 0x8b] },
  { packing: 'xz', starts: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { packing: 'bzip2', starts: [0x42, 0x5a, 0x68] },
  { packing: 'zstd', starts: [0x28, 0xb5, 0x2f, 0xfd] },
  { packing: 'zip', starts: [0x50, 0x4b, 0x03, 0x04] },
];
const LONGEST_MAGIC = 5;

/**
 * The content of a file that a user gave or that was downloaded, unpacked when it is gzipped. A chunk is valid only until
 * the next is asked for. Errors name the file, so that none is taken for the data folder's.
 *
 * @param origin what the file is called in messages
 * @throws VernierError FILE_UNREADABLE; DATASET_UNSUPPORTED for a packing that cannot be read; DATASET_CORRUPT for a
 *   damaged or cut gzip file
 */
export async function* sourceChunks(path: string, origin = path): AsyncGenerator<Uint8Array, void> {
  const packing = await readable(origin, () => packingOf(path));
  if (packing !== 'none' && packing !== 'gzip') {
    throw new VernierError('DATASET_UNSUPPORTED', `${origin}: packed by ${packing}, which cannot be read here`, {
      mend: 'unpack it first, and give what was in it',
    });
  }
  const chunks = fileChunks(path, packing);
  try {
    for (;;) {
      const { value, done } = await readable(origin, () => chunks.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return();
  }
}

async function packingOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(LONGEST_MAGIC);
    const { bytesRead } = await file.read(head, 0, LONGEST_MAGIC, 0);
    const found = MAGIC.find(
      ({ starts }) => bytesRead >= starts.length && starts.every((byte, at) => head[at] === byte),
    );
    return found?.packing ?? 'none';
  } finally {
    await file.close();
  }
}

/** Runs one step of reading a file; what the system or zlib says becomes an error that names it. */
export async function readable<T>(origin: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const { message } = error as Error;
    if (isPackingError(error)) {
      throw new VernierError('DATASET_CORRUPT', `${origin}: damaged or cut short, cannot be unpacked (${message})`, {
        mend: 'give the original, whole file',
        cause: error,
      });
    }
    throw new VernierError('FILE_UNREADABLE', isAbsent(error) ? `${origin} does not exist` : `${origin}: ${message}`, {
      mend: 'name a file or folder that can be read',
      cause: error,
    });
  }
}
