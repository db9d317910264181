import { VernierError } from '../../proto/errors.js';
import { elementType, type ArrayHeader, type ElementType } from './array-header.js';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** A header of a plain array has about 120 bytes; one that claims more than this is damage. */
const MAX_HEADER_BYTES = 65_536;
/** Of a size in a shape. More digits than 2^53 has are no size. */
const MAX_DIGITS = 16;

/** numpy's letters for the kinds of elements; all others (bool, text, dates, objects) are not numbers to us. */
const KINDS: Record<string, 'unsigned' | 'signed' | 'float'> = { u: 'unsigned', i: 'signed', f: 'float' };

export function looksLikeNpy(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/**
 * Reads the header of a .npy file (NumPy Enhancement Proposal 1 and numpy.lib.format: versions 1 to 3): magic, version, length
 * of the header, then a Python dict of descr, fortran_order and shape.
 *
 * @param bytes the file's first bytes, as many as there are so far
 * @returns undefined when more bytes are needed
 * @throws VernierError DATASET_UNSUPPORTED for anything but one plain array in C order; `place` names the file
 */
export function parseNpyHeader(bytes: Uint8Array, place: string): ArrayHeader | undefined {
  if (bytes.length < 12) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (!looksLikeNpy(bytes) || version < 1 || version > 3) {
    throw unsupported(place, 'not a .npy file of version 1, 2 or 3', 'save it anew with numpy.save');
  }
  const [lengthBytes, length] = version === 1 ? [2, view.getUint16(8, true)] : [4, view.getUint32(8, true)];
  const headerBytes = 8 + lengthBytes + length;
  if (length > MAX_HEADER_BYTES) {
    throw unsupported(place, `the .npy header claims ${length} bytes`, 'save it anew with numpy.save');
  }
  if (bytes.length < headerBytes) return undefined;
  const dict = Buffer.from(bytes.subarray(8 + lengthBytes, headerBytes)).toString('latin1');

  const descr = /'descr'\s*:\s*'([^']*)'/.exec(dict)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(dict)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(dict)?.[1]?.match(/\d+/g) ?? [];
  if (descr === undefined || fortran === undefined || shape.length === 0) {
    const mend = 'save one array of whole numbers with numpy.save, the records along its first axis';
    throw unsupported(place, 'the .npy header tells of no plain array of one axis or more', mend);
  }
  if (shape.some((digits) => digits.length > MAX_DIGITS)) {
    throw unsupported(
      place,
      `the .npy header tells of the shape (${shape.join(', ')})`,
      'save it anew with numpy.save',
    );
  }
  if (fortran === 'True') {
    throw unsupported(place, 'the array is in Fortran order', 'save numpy.ascontiguousarray(array) instead');
  }
  return { headerBytes, shape: shape.map(Number), type: typeOf(descr) };
}

/** Reads numpy's type string: byte order (`<` little, `>` big, `|` of no account), kind, bytes. */
function typeOf(descr: string): ElementType {
  const [, order, letter = '', digits] = /^([<>|])([a-zA-Z])(\d{1,2})$/.exec(descr) ?? [];
  const kind = KINDS[letter];
  const bytes = Number(digits);
  if (kind === undefined || ![1, 2, 4, 8].includes(bytes)) {
    return { name: `'${descr}'`, kind: 'other', bytes: 1, bigEndian: false };
  }
  return elementType(kind, bytes, order === '>');
}

function unsupported(place: string, problem: string, mend: string): VernierError {
  return new VernierError('DATASET_UNSUPPORTED', `${place}: ${problem}`, { mend });
}
