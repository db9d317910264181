import { VernierError } from '../../proto/errors.js';
import { elementCount, type ArrayHeader } from './array-header.js';
import { parseIdxHeader } from './idx.js';
import { looksLikeNpy, parseNpyHeader } from './npy.js';
import { sourceChunks } from './source.js';

/** The shortest file of either format is longer; npy's magic alone has six bytes. */
const ENOUGH_TO_TELL = 8;

/**
 * Reads the head of an idx or npy file, gzipped or not, told apart by its first bytes.
 *
 * @throws VernierError FILE_UNREADABLE, DATASET_UNSUPPORTED, DATASET_CORRUPT
 */
export async function readArrayHeader(path: string): Promise<ArrayHeader> {
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of sourceChunks(path)) {
    head = Buffer.concat([head, chunk]);
    if (head.length < ENOUGH_TO_TELL) continue;
    const header = looksLikeNpy(head) ? parseNpyHeader(head, path) : parseIdxHeader(head, path);
    if (header !== undefined) return header;
  }
  throw wrongLength(path, head.length === 0 ? 'is empty' : `ends within its header, after ${head.length} bytes`);
}

/**
 * The bytes of an array's elements, exactly as many as its header tells of. A chunk is valid only until the next is asked for.
 *
 * @throws VernierError FILE_UNREADABLE; DATASET_CORRUPT for a file that is shorter or longer
 */
export async function* arrayBody(
  path: string,
  { headerBytes, shape, type }: ArrayHeader,
): AsyncGenerator<Uint8Array, void> {
  const expected = elementCount(shape) * type.bytes;
  let offset = -headerBytes;
  for await (const chunk of sourceChunks(path)) {
    const body = chunk.subarray(Math.max(0, -offset));
    offset += chunk.length;
    if (offset > expected) throw wrongLength(path, `holds more than the ${expected} bytes that its header tells of`);
    if (body.length > 0) yield body;
  }
  if (offset < expected) {
    throw wrongLength(path, `ends after ${Math.max(0, offset)} of the ${expected} bytes that its header tells of`);
  }
}

function wrongLength(path: string, problem: string): VernierError {
  return new VernierError('DATASET_CORRUPT', `${path}: ${problem}`, {
    mend: 'give a whole idx or .npy file, gzipped or not',
  });
}
