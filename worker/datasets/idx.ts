import { VernierError } from '../../proto/errors.js';
import type { ArrayHeader } from './array-header.js';

/** Type codes of the idx format (Y. LeCun, "The MNIST database": third byte of the magic number). */
const IDX_TYPES: Record<number, string> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16 (big-endian)',
  0x0c: 'int32 (big-endian)',
  0x0d: 'float32 (big-endian)',
  0x0e: 'float64 (big-endian)',
};

/** Whether these first bytes (two are enough) may be an idx file's; every idx file starts with two zero bytes. */
export function looksLikeIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0 && bytes[1] === 0;
}

/**
 * Reads the header of an idx file: two zero bytes, type, number of dimensions, then each dimension as a big-endian uint32.
 *
 * @param bytes the file's first bytes, as many as there are so far
 * @returns undefined when more bytes are needed
 * @throws VernierError DATASET_UNSUPPORTED when this is no idx file of unsigned bytes; `place` names the file
 */
export function parseIdxHeader(bytes: Uint8Array, place: string): ArrayHeader | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint8(2);
  const dimensions = view.getUint8(3);
  const known = IDX_TYPES[type];
  if (!looksLikeIdx(bytes) || known === undefined || dimensions === 0) {
    throw new VernierError(
      'DATASET_UNSUPPORTED',
      `${place}: not an idx file (starts with ${hex(bytes.subarray(0, 4))})`,
      {
        mend: 'give an idx file (magic 00 00 08 and the number of dimensions), gzipped or not, or a .npy file',
      },
    );
  }
  if (known !== 'uint8') {
    throw new VernierError('DATASET_UNSUPPORTED', `${place}: idx elements must be uint8, not ${known}`, {
      mend: 'write the data as unsigned bytes (idx type 0x08)',
    });
  }
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < headerBytes) return undefined;
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { headerBytes, shape, type: 'uint8' };
}

/** The header of an idx file of unsigned bytes with this shape. */
export function writeIdxHeader(shape: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length);
  bytes[2] = 0x08;
  bytes[3] = shape.length;
  shape.forEach((size, axis) => bytes.writeUInt32BE(size, 4 + 4 * axis));
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? 'nothing' : Buffer.from(bytes).toString('hex').replace(/../g, '$& ').trim();
}
