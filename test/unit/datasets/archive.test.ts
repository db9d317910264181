import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { unpackArchive } from '../../../worker/datasets/archive.js';
import { madeUpDataset, noise, tar, type TarEntry } from '../../support/datasets.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
const archive = join(folder, 'archive');
const target = join(folder, 'target');
const { entry, files } = madeUpDataset({ kind: 'archive', url: 'http://127.0.0.1/' });
const content = (name: string): Buffer => files.get(name) ?? Buffer.alloc(0);
/** The members as entries, below this folder. */
const whole = (below = 'made-up'): TarEntry[] =>
  [...files].map(([name, bytes]) => ({ path: `${below}/${name}`, content: bytes }));

beforeEach(() => {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
});

async function unpack(bytes: Uint8Array): Promise<string[]> {
  writeFileSync(archive, bytes);
  const checked: string[] = [];
  await unpackArchive(archive, entry.members, target, 'the archive', (file) => checked.push(file));
  return checked;
}

/** All files are there, are the right ones, and are all that is there. */
function expectUnpacked(): void {
  expect(readdirSync(target).sort()).toEqual([...files.keys()]);
  for (const [name, bytes] of files) expect(readFileSync(join(target, name)).equals(bytes)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['archive', 'target']);
}

describe('unpackArchive', () => {
  it.each([
    ['tar', tar(whole())],
    ['tar.gz', gzipSync(tar(whole()))],
    ['several gzip members in one file', Buffer.concat([gzipSync(tar(whole(), false)), gzipSync(Buffer.alloc(1024))])],
    ['at the top, without folders', tar(whole('.'))],
    ['without the two blocks at the end', tar(whole(), false)],
    ['as written before POSIX', tar(whole().map((each) => ({ ...each, type: '\0' })))],
  ])('takes %s', async (_packing, bytes) => {
    expect(await unpack(bytes)).toEqual([...files.keys()]);
    expectUnpacked();
  });

  it('ignores what else an archive holds: paths, links, folders, and wrong entries of a right name', async () => {
    const odd: TarEntry[] = [
      { path: '../outside.bin', content: noise(10) },
      { path: '/etc/vernier-test', content: noise(10) },
      { path: 'made-up/', type: '5' },
      { path: 'made-up/batch_0.bin', type: '2', link: '/etc/passwd' },
      { path: 'made-up/batch_1.bin', type: '1', link: '../../target' },
      { path: 'made-up/link-without-target', type: '2' },
      { path: 'spoilt/batch_2.bin', content: noise(content('batch_2.bin').length, 99) },
      { path: 'short/batch_0.bin', content: noise(3) },
      { path: 'long/batch_1.bin', content: noise(5000) },
      { path: '._batch_0.bin', content: noise(20) },
    ];
    expect(await unpack(tar([...odd, ...whole('../../..'), ...odd]))).toEqual([...files.keys()]);
    expectUnpacked();
  });

  it('spans chunks: members among megabytes of others', async () => {
    const filler = (path: string): TarEntry => ({ path, content: noise(1_500_000) });
    expect(await unpack(tar(whole().flatMap((each, index) => [filler(`f${index}`), each])))).toHaveLength(3);
    expectUnpacked();
  });

  it.each<[string, Uint8Array, string]>([
    ['a member is lacking', tar(whole().slice(1)), 'does not hold batch_0.bin'],
    [
      'a member is changed',
      tar([{ path: 'batch_0.bin', content: noise(140, 7) }, ...whole().slice(1)]),
      `batch_0.bin: expected SHA-256 ${entry.members[0]?.sha256}, found `,
    ],
    [
      'a member is short',
      tar([{ path: 'batch_0.bin', content: noise(100) }, ...whole().slice(1)]),
      'batch_0.bin: expected 140 bytes, found 100',
    ],
    ['it is cut within a member', tar(whole(), false).subarray(0, -400), 'batch_2.bin: expected 140 bytes, found 112'],
    ['it is cut within a header', tar(whole(), false).subarray(0, -1000), 'does not hold batch_2.bin'],
    ['its gzip stream is cut', gzipSync(tar(whole())).subarray(0, -200), 'damaged or cut short, cannot be unpacked'],
    ['a header is damaged', tar(whole().map((each, i) => (i === 1 ? { ...each, badSum: true } : each))), 'checksum'],
    ['it is no archive', noise(5000), 'does not hold batch_0.bin, batch_1.bin, batch_2.bin'],
    ['it is empty', new Uint8Array(0), 'does not hold batch_0.bin, batch_1.bin, batch_2.bin'],
  ])('says so when %s', async (_case, bytes, message) => {
    const failed = unpack(bytes);
    await expect(failed).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
    await expect(failed).rejects.toThrow(`the archive: `);
    await expect(failed).rejects.toThrow(message);
  });

  it.each([
    ['data_batch_1', 'this is the Python version of CIFAR-10; give the binary one, cifar-10-binary.tar.gz'],
    ['train.bin', 'this is CIFAR-100; give CIFAR-10, cifar-10-binary.tar.gz'],
  ])('knows other versions by %s', async (name, mend) => {
    await expect(unpack(tar([{ path: `x/${name}`, content: noise(9) }]))).rejects.toMatchObject({ mend });
  });

  it('names a packing that it cannot read', async () => {
    const xz = unpack(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]));
    await expect(xz).rejects.toMatchObject({
      code: 'DATASET_UNSUPPORTED',
      message: 'the archive: packed by xz, which cannot be read here',
    });
  });

  it('never crashes on damage anywhere, and never takes damaged members', async () => {
    const sound = tar(whole());
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (changes, gzipped) => {
        rmSync(target, { recursive: true });
        mkdirSync(target);
        const bytes = gzipped ? gzipSync(sound) : Buffer.from(sound);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          await unpack(bytes);
          expectUnpacked();
        } catch (error) {
          expect(error).toBeInstanceOf(VernierError);
        }
      }),
      { numRuns: 150 },
    );
  });
});
