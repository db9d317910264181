import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { arrayBody, readArrayHeader } from '../../../worker/datasets/array-file.js';
import { idx, noise, npy } from '../../support/datasets.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
const file = (name: string, content: Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** Reads a whole array as the program does. */
async function read(path: string): Promise<{ shape: readonly number[]; type: string; body: Buffer }> {
  const header = await readArrayHeader(path);
  const chunks: Buffer[] = [];
  for await (const chunk of arrayBody(path, header)) chunks.push(Buffer.from(chunk));
  return { shape: header.shape, type: header.type.name, body: Buffer.concat(chunks) };
}

describe('array files', () => {
  const body = noise(3 * 5 * 7);

  it.each([
    ['idx', idx([3, 5, 7], body)],
    ['npy', npy('|u1', [3, 5, 7], body)],
  ])('%s, gzipped or not, whatever the name', async (_kind, content) => {
    for (const path of [file('a.bin', content), file('b.bin', gzipSync(content))]) {
      expect(await read(path)).toEqual({ shape: [3, 5, 7], type: 'uint8', body });
    }
  });

  it('spans chunks of a large file', async () => {
    const large = noise(3 * 1024 * 1024 + 17);
    const { body: found } = await read(file('large', npy('|u1', [large.length, 1], large)));
    expect(found.equals(large)).toBe(true);
  });

  it.each([
    ['empty', new Uint8Array(0), 'is empty'],
    ['seven bytes', noise(7), 'ends within its header, after 7 bytes'],
    ['a header cut short', idx([1, 2, 3], body).subarray(0, 9), 'ends within its header, after 9 bytes'],
    ['cut short', npy('<i4', [9], noise(35)), 'ends after 35 of the 36 bytes that its header tells of'],
    ['too long', idx([9], noise(10)), 'holds more than the 9 bytes that its header tells of'],
    ['gzip cut short', gzipSync(idx([105], body)).subarray(0, 40), 'damaged or cut short, cannot be unpacked'],
    ['text', Buffer.from('label,pixel\n'), 'neither an idx nor a .npy file'],
    ['zip (.npz)', Buffer.from('PK\x03\x04whatever follows'), 'packed by zip, which cannot be read here'],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'packed by bzip2'],
  ])('%s: says so', async (_case, content, message) => {
    const path = file('bad', content);
    await expect(read(path)).rejects.toThrow(`${path}: ${message}`);
  });

  it('names a file that is not there, or is a folder', async () => {
    await expect(read(join(folder, 'nosuch'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `${join(folder, 'nosuch')} does not exist`,
    });
    await expect(read(folder)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('never crashes on arbitrary content', async () => {
    const head = fc.constantFrom(idx([2, 2], noise(4)), npy('|u1', [4], noise(4)), Buffer.from([0x1f, 0x8b]), noise(0));
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 100 }), fc.nat(140), async (start, rest, cut) => {
        const content = Buffer.concat([start, rest]).subarray(0, cut);
        for (const bytes of [content, gzipSync(content)]) {
          await read(file('any', bytes)).catch((error: unknown) => expect(error).toBeInstanceOf(VernierError));
        }
      }),
      { numRuns: 100 },
    );
  });
});
