import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobFolder, MAX_BLOB_BYTES } from '../../../coordinator/store/blobs.js';
import { sha256Hex } from '../../../proto/canonical.js';

let folder: string;
let blobs: BlobFolder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vernier-blobs-'));
  blobs = new BlobFolder(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251));
const sha256 = sha256Hex(bytes);

async function* chunks(...parts: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function read(name: string, offset = 0): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.read(name, offset)) parts.push(part);
  return Buffer.concat(parts);
}

const whole = { size: bytes.length, held: bytes.length, complete: true };

describe('a blob', () => {
  it('counts when all its bytes are there', async () => {
    expect(await blobs.stat(sha256)).toEqual({ size: 0, held: 0, complete: false });
    expect(blobs.isComplete(sha256)).toBe(false);
    await expect(read(sha256)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await blobs.put({ sha256, size: bytes.length, offset: 0 }, chunks(bytes))).toEqual(whole);
    expect(await blobs.stat(sha256)).toEqual(whole);
    expect(blobs.isComplete(sha256)).toBe(true);
    expect((await read(sha256)).equals(bytes)).toBe(true);
    expect((await read(sha256, 99_999)).equals(bytes.subarray(99_999))).toBe(true);
    expect(await read(sha256, bytes.length)).toHaveLength(0);
    await expect(read(sha256, bytes.length + 1)).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
    expect(readdirSync(folder)).toEqual([sha256]);
  });

  it('put again is the same one, whatever comes', async () => {
    await blobs.put({ sha256, size: bytes.length, offset: 0 }, chunks(bytes));
    expect(await blobs.put({ sha256, size: bytes.length, offset: 0 }, chunks(Buffer.from('other')))).toEqual(whole);
    expect((await read(sha256)).equals(bytes)).toBe(true);
  });

  it('whose transfer was cut goes on from where it was, however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 5 }), async (cuts) => {
        for (const cut of cuts) {
          const { held } = await blobs.stat(sha256);
          const put = blobs.put(
            { sha256, size: bytes.length, offset: held },
            chunks(bytes.subarray(held, Math.max(held, cut)), new Error('cut')),
          );
          await expect(put).rejects.toThrow('cut');
          expect(await blobs.stat(sha256)).toEqual({ size: 0, held: Math.max(held, cut), complete: false });
        }
        const { held } = await blobs.stat(sha256);
        const back = Math.floor(held / 2); // a sender may also go back
        await blobs.put({ sha256, size: bytes.length, offset: back }, chunks(bytes.subarray(back)));
        expect((await read(sha256)).equals(bytes)).toBe(true);
        await blobs.remove(sha256);
      }),
      { numRuns: 25 },
    );
  });

  it.each<[string, { size?: number; offset?: number; sha256?: string }, Buffer[]]>([
    ['with other bytes', {}, [Buffer.alloc(bytes.length)]],
    ['with more bytes than it was said to have', {}, [bytes, Buffer.alloc(1)]],
    ['without bytes', { size: 0 }, []],
    ['of no size', { size: NaN }, [bytes]],
    ['of a size beyond the limit', { size: MAX_BLOB_BYTES + 1 }, [bytes]],
    ['of a fractional size', { size: 10.5 }, [bytes]],
    ['from beyond what is held', { offset: 1 }, [bytes.subarray(1)]],
    ['from before its beginning', { offset: -1 }, [bytes]],
    ['from nowhere', { offset: NaN }, [bytes]],
    ['of another name', { sha256: '0'.repeat(64) }, [bytes]],
    ['named like a path', { sha256: `../${'0'.repeat(61)}` }, [bytes]],
    ['named in capitals', { sha256: sha256.toUpperCase() }, [bytes]],
    ['without a name', { sha256: '' }, [bytes]],
  ])('%s is refused, and nothing is kept', async (_what, changes, parts) => {
    const put = blobs.put({ sha256, size: bytes.length, offset: 0, ...changes }, chunks(...parts));
    await expect(put).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that ends early is refused, and goes on later', async () => {
    const header = { sha256, size: bytes.length, offset: 0 };
    await expect(blobs.put(header, chunks(bytes.subarray(0, 7)))).rejects.toMatchObject({
      code: 'BLOB_MISMATCH',
      message: expect.stringContaining('ended after 7 of 100000 bytes'),
    });
    expect(await blobs.put({ ...header, offset: 7 }, chunks(bytes.subarray(7)))).toEqual(whole);
  });

  it('sent by two at once is stored once', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 10);
      await held;
      yield bytes.subarray(10);
    }
    const header = { sha256, size: bytes.length, offset: 0 };
    const first = blobs.put(header, slowly());
    const second = blobs.put(header, chunks(bytes));
    release();
    expect(await Promise.all([first, second])).toEqual([whole, whole]);
    expect((await read(sha256)).equals(bytes)).toBe(true);
  });
});

describe('orphans', () => {
  const HOUR = 60 * 60 * 1000;

  it('are removed when they have lain there for an hour; what is needed or young stays, and so do other files', () => {
    const now = Date.now();
    const names = ['1', '2', '3', '4'].map((digit) => digit.repeat(64));
    const files = [names[0]!, names[1]!, names[2]!, `${names[3]!}.part`, 'notes.txt'];
    for (const file of files) {
      writeFileSync(join(folder, file), 'x');
      const seconds = (now - (file === names[2] ? HOUR - 60_000 : HOUR + 60_000)) / 1000;
      utimesSync(join(folder, file), seconds, seconds);
    }
    expect(blobs.removeOrphans(new Set([names[0]!]), now)).toBe(2);
    expect(readdirSync(folder).sort()).toEqual([names[0]!, names[2]!, 'notes.txt']);
  });

  it('that are being written are none', async () => {
    let check: () => void = () => undefined;
    const checked = new Promise<void>((resolve) => (check = resolve));
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 10);
      await checked;
      yield bytes.subarray(10);
    }
    const put = blobs.put({ sha256, size: bytes.length, offset: 0 }, slowly());
    const part = join(folder, `${sha256}.part`);
    while (!existsSync(part) || statSync(part).size < 10) await new Promise((resolve) => setImmediate(resolve));
    expect(blobs.removeOrphans(new Set(), Date.now() + 100 * HOUR)).toBe(0);
    check();
    expect(await put).toEqual(whole);
  });
});
