import { VernierError } from '../../proto/errors.js';
import { elementType, type ArrayHeader, type ElementType } from './array-header.js';

/** Type codes of the idx format (Y. LeCun, "The MNIST database": third byte of the magic number); all are big-endian. */
const IDX_TYPES: Record<number, ElementType> = {
  0x08: elementType('unsigned', 1, true),
  0x09: elementType('signed', 1, true),
  0x0b: elementType('signed', 2, true),
  0x0c: elementType('signed', 4, true),
  0x0d: elementType('float', 4, true),
  0x0e: elementType('float', 8, true),
};
const UINT8 = 0x08;

/** Bytes before the elements of an idx file with so many axes. */
export function idxHeaderBytes(dimensions: number): number {
  return 4 + 4 * dimensions;
}

/** The format's own limits: one byte holds the number of axes, four hold the size of each. */
export const MAX_IDX_DIMENSIONS = 255;
export const MAX_IDX_SIZE = 0xffff_ffff;

/** Whether these first bytes (two are enough) may be an idx file's; every idx file starts with two zero bytes. */
function looksLikeIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0 && bytes[1] === 0;
}

/**
 * Reads the header of an idx file: two zero bytes, type, number of dimensions, then each dimension as a big-endian uint32.
 *
 * @param bytes the file's first bytes, as many as there are so far
 * @returns undefined when more bytes are needed
 * @throws VernierError DATASET_UNSUPPORTED when this is no idx file; `place` names the file
 */
export function parseIdxHeader(bytes: Uint8Array, place: string): ArrayHeader | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = IDX_TYPES[view.getUint8(2)];
  const dimensions = view.getUint8(3);
  if (!looksLikeIdx(bytes) || type === undefined || dimensions === 0) {
    throw new VernierError(
      'DATASET_UNSUPPORTED',
      `${place}: neither an idx nor a .npy file (starts with ${hex(bytes.subarray(0, 4))})`,
      { mend: 'give an idx file (starts with 00 00 08 and the number of dimensions) or a .npy file, gzipped or not' },
    );
  }
  const headerBytes = idxHeaderBytes(dimensions);
  if (bytes.length < headerBytes) return undefined;
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { headerBytes, shape, type };
}

/** The header of an idx file of unsigned bytes with this shape. */
export function writeIdxHeader(shape: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(idxHeaderBytes(shape.length));
  bytes[2] = UINT8;
  bytes[3] = shape.length;
  shape.forEach((size, axis) => bytes.writeUInt32BE(size, 4 + 4 * axis));
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').replace(/../g, '$& ').trim();
}
