import { createHash } from 'node:crypto';
import type { CatalogueEntry, MemberFile } from '../../proto/datasets.js';
import { datasetIdentity } from '../../proto/datasets.js';

/** Data sets and files of formats that the tests make up. */

/** An idx file of this type code and shape. */
export function idx(shape: readonly number[], body: Uint8Array, type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, body]);
}

/** A .npy file of version 1 as numpy.save writes it. */
export function npy(descr: string, shape: readonly number[], body: Uint8Array, fortran = false): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${tuple}), }`;
  const padded = `${dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 11)}\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00..${padded}`, 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, body]);
}

/** Bytes that look like nothing, the same ones every time. */
export function noise(length: number, seed = 1): Buffer {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
}

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

export interface MadeUp {
  entry: CatalogueEntry;
  /** By member's name. */
  files: Map<string, Buffer>;
}

/** A small data set in the form of CIFAR-10's: 40 training records in two files and 20 test records, of 6 bytes. */
export function madeUpDataset(source: CatalogueEntry['source']): MadeUp {
  const inputs = 6;
  const files = new Map<string, Buffer>();
  const members: MemberFile[] = (['train', 'train', 'test'] as const).map((split, index) => {
    const content = noise(20 * (1 + inputs), index + 1);
    for (let record = 0; record < 20; record++) content[record * (1 + inputs)] = (record + index) % 3;
    const file = `batch_${index}.bin`;
    files.set(file, content);
    return { file, bytes: content.length, sha256: sha256(content), split, holds: 'labelled-images' };
  });
  const classNames = ['a', 'b', 'c'];
  return {
    entry: {
      name: 'made-up',
      title: 'made up for tests',
      sha256: datasetIdentity(members, classNames.length),
      train: 40,
      test: 20,
      inputs,
      classes: classNames.length,
      classNames,
      members,
      source,
    },
    files,
  };
}

export interface TarEntry {
  path: string;
  content?: Uint8Array;
  /** '0' file, '1' hard link, '2' symbolic link, '5' folder, '\0' file of old archives. */
  type?: string;
  link?: string;
  /** What the header says instead of the content's length. */
  size?: number;
  badSum?: boolean;
}

/** A ustar archive with exactly these entries, however odd. */
export function tar(entries: readonly TarEntry[], ended = true): Buffer {
  const blocks = entries.flatMap(({ path, content = new Uint8Array(0), type = '0', link = '', size, badSum }) => {
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156, 'latin1');
    header.write(link, 157, 100);
    header.write('ustar\0', 257);
    header.write('00', 263);
    const sum = header.reduce((total, byte) => total + byte, badSum === true ? 1 : 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [header, content, padding];
  });
  return Buffer.concat([...blocks, ...(ended ? [Buffer.alloc(1024)] : [])]);
}
