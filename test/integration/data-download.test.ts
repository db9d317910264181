import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { download, type DownloadOptions } from '../../worker/datasets/download.js';
import { fetchDataset } from '../../worker/datasets/fetch.js';
import { madeUpDataset, noise, tar } from '../support/datasets.js';
import { FileServer, properly, status } from '../support/file-server.js';
import { tempFolder } from '../support/temp-folder.js';

/* Downloads against a server of our own that cuts, stalls, forgets and lies. Waits are told, not waited for. */

const folder = tempFolder();
const content = noise(300_000);
let server: FileServer;
let target: string;
let waits: number[];
let problems: string[];

beforeAll(async () => {
  server = await FileServer.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.reset();
  server.files.set('file', content);
  target = join(await mkdtemp(join(folder, 'case-')), 'file');
  waits = [];
  problems = [];
});

/** What downloads of one file and of a data set both take. */
type Shared = Omit<DownloadOptions, 'onProgress'>;
const options = (more: Shared = {}): Shared => ({
  sleep: (ms) => {
    waits.push(ms);
    return Promise.resolve();
  },
  onRetry: (problem) => problems.push(problem),
  ...more,
});
const get = (more: DownloadOptions = {}): Promise<void> =>
  download(`${server.address}file`, target, { ...options(), ...more });
const ranges = (): (string | undefined)[] => server.requests.map(({ headers }) => headers.range);
/** The target holds the content and nothing lies beside it. */
function expectWhole(expected = content): void {
  expect(readFileSync(target).equals(expected)).toBe(true);
  expect(readdirSync(join(target, '..'))).toEqual(['file']);
}

describe('download', () => {
  it('gets a file and tells how far it is', async () => {
    const told: [number, number | undefined][] = [];
    await get({ onProgress: (received, total) => told.push([received, total]) });
    expectWhole();
    expect(told[0]).toEqual([0, content.length]);
    expect(told.at(-1)).toEqual([content.length, content.length]);
    expect(told.map(([received]) => received)).toEqual(told.map(([received]) => received).sort((a, b) => a - b));
    expect(server.requests).toHaveLength(1);
  });

  it('takes a file that is there as done', async () => {
    writeFileSync(target, 'done');
    await get();
    expect(server.requests).toHaveLength(0);
  });

  it('asks for the rest only after a cut, of the same version only', async () => {
    server.script = [properly({ upTo: 100_000 }), properly({ upTo: 50_000 })];
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    expect(server.requests[1]?.headers['if-range']).toMatch(/^"300000-/);
    expect(waits).toEqual([1000, 1000]);
    expect(problems[0]).toMatch(/ after 100000 of 300000 bytes$/);
  });

  it('goes on for as long as every try brings something', async () => {
    server.otherwise = properly({ upTo: 20_000 });
    await get();
    expectWhole();
    expect(server.requests).toHaveLength(15);
  });

  it('goes on in a later run', async () => {
    server.script = [properly({ upTo: 100_000 })];
    const ended = get({ sleep: () => Promise.reject(new Error('Ctrl-C')) });
    await expect(ended).rejects.toThrow('Ctrl-C');
    expect(existsSync(target)).toBe(false);
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
  });

  it('needs no request when all had arrived before the process ended', async () => {
    server.script = [properly({ upTo: 100_000 })];
    await expect(get({ sleep: () => Promise.reject(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
    writeFileSync(`${target}.part`, content);
    await get();
    expectWhole();
    expect(server.requests).toHaveLength(1);
  });

  it('starts again where another address is asked for', async () => {
    server.script = [properly({ upTo: 100_000 })];
    await expect(get({ sleep: () => Promise.reject(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
    server.files.set('other', content);
    await download(`${server.address}other`, target, options());
    expectWhole();
    expect(ranges()).toEqual([undefined, undefined]);
  });

  it('starts again at a server that ignores Range', async () => {
    server.script = [properly({ ranges: false, upTo: 100_000 })];
    server.otherwise = properly({ ranges: false });
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
  });

  it('asks for no part where the server names no version', async () => {
    server.script = [properly({ etag: false, upTo: 100_000 })];
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, undefined]);
  });

  it.each([
    ['a server that heeds If-Range', true, 2],
    ['a server that does not', false, 3],
  ])('never joins parts of two versions: %s', async (_server, heedsIfRange, requests) => {
    const newer = noise(300_000, 2);
    server.script = [
      (request, response, old) => {
        server.files.set('file', newer);
        properly({ upTo: 100_000 })(request, response, old);
      },
    ];
    server.otherwise = properly({ heedsIfRange });
    await get();
    expectWhole(newer);
    expect(server.requests).toHaveLength(requests);
  });

  it('starts again after a part that was not asked for, and after a part that there is not (416)', async () => {
    server.script = [
      properly({ upTo: 100_000 }),
      (_request, response) =>
        response.writeHead(206, { 'content-range': 'bytes 7-9/300000', 'content-length': 3 }).end('abc'),
      properly({ upTo: 100_000 }),
      status(416),
    ];
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, 'bytes=100000-', undefined, 'bytes=100000-', undefined]);
  });

  it.each([404, 403, 410])('gives up at once at %i', async (code) => {
    server.script = [status(code)];
    await expect(get()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(`^${server.address}file: the server answers ${code} `) as string,
      mend: expect.stringContaining('--url') as string,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('tries again at 500, with longer waits, and gives up after five', async () => {
    server.script = [status(500), status(503)];
    await get();
    expectWhole();
    expect(waits).toEqual([1000, 2000]);

    waits = [];
    target += '2';
    server.otherwise = status(500);
    await expect(get()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `${server.address}file: the server answers 500 Internal Server Error; gave up after 5 tries`,
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
  });

  it('waits as long as the server asks for (429), within reason', async () => {
    server.script = [status(429, { 'retry-after': '7' }), status(429, { 'retry-after': '86400' })];
    await get();
    expectWhole();
    expect(waits).toEqual([7000, 60_000]);
  });

  it.each([0, 100_000])('takes a connection that is silent after %i bytes as cut', async (upTo) => {
    server.script = [upTo === 0 ? () => {} : properly({ upTo, afterwards: 'silence' })];
    await get({ stallMs: 100 });
    expectWhole();
    expect(problems).toEqual([expect.stringMatching(/^nothing arrived for 0\.1 s/)]);
    expect(ranges()).toEqual([undefined, upTo === 0 ? undefined : `bytes=${upTo}-`]);
  });

  it('gives up at a server that always cuts at the same place', async () => {
    server.otherwise = properly({ ranges: false, upTo: 100_000 });
    await expect(get()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(/after 100000 of 300000 bytes; gave up after 5 tries$/) as string,
      mend: 'the 100000 bytes so far are kept: the same command goes on from there',
    });
    expect(server.requests).toHaveLength(5);
  });

  it('takes answers of unknown length, and packed ones', async () => {
    server.script = [properly({ contentLength: false })];
    await get();
    expectWhole();
    target += '2';
    server.script = [
      (_request, response, plain) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(plain)),
    ];
    await get();
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('names why nobody answers', async () => {
    const gone = await FileServer.start();
    await gone.close();
    await expect(download(`${gone.address}file`, target, options())).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it.each(['file:///etc/passwd', 'ftp://a/b', 'cifar-10-binary.tar.gz', ''])('refuses %j', async (url) => {
    await expect(download(url, target, options())).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('tells of a disk that cannot be written, without trying again', async () => {
    await expect(download(`${server.address}file`, join(target, 'nosuch', 'x'), options())).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(waits).toEqual([]);
  });
});

describe('fetchDataset', () => {
  const archive = madeUpDataset({ kind: 'archive', url: 'http://127.0.0.1:9/never-asked' });
  const packed = gzipSync(tar([...archive.files].map(([name, bytes]) => ({ path: `x/${name}`, content: bytes }))));
  const gzipped = madeUpDataset({ kind: 'gzipped-files', url: 'http://127.0.0.1:9/never-asked/' });
  let dataDir: string;
  beforeEach(() => {
    dataDir = join(target, 'data');
    server.files.set('x.tar.gz', packed);
    for (const [name, bytes] of gzipped.files) server.files.set(`mirror/${name}.gz`, gzipSync(bytes));
  });

  /** The data set is there, whole, and nothing else but the lock's file. */
  function expectInstalled(): void {
    const directory = join(dataDir, 'made-up');
    expect(readdirSync(directory).sort()).toEqual([...archive.files.keys()]);
    for (const [name, bytes] of archive.files) expect(readFileSync(join(directory, name)).equals(bytes)).toBe(true);
    expect(readdirSync(join(dataDir, '.incoming'))).toEqual(['made-up.lock']);
  }
  const fetchArchive = (): ReturnType<typeof fetchDataset> =>
    fetchDataset(archive.entry, dataDir, { url: `${server.address}x.tar.gz`, ...options() });

  it('downloads, checks and installs an archive; a second time asks nobody', async () => {
    const checked: string[] = [];
    const url = `${server.address}x.tar.gz`;
    const { already } = await fetchDataset(archive.entry, dataDir, { url, onMember: (file) => checked.push(file) });
    expect(already).toBe(false);
    expect(checked).toEqual([...archive.files.keys()]);
    expectInstalled();
    expect((await fetchArchive()).already).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it.each(['mirror', 'mirror/'])('downloads a folder of gzipped files, each where it was cut (%s)', async (path) => {
    server.script = [properly(), properly({ upTo: 60 })];
    await fetchDataset(gzipped.entry, dataDir, { url: server.address + path, ...options() });
    expectInstalled();
    const asked = server.requests.map(({ url, headers }) => `${url} ${headers.range ?? ''}`.trim());
    expect(asked).toEqual([
      '/mirror/batch_0.bin.gz',
      '/mirror/batch_1.bin.gz',
      '/mirror/batch_1.bin.gz bytes=60-',
      '/mirror/batch_2.bin.gz',
    ]);
  });

  it('throws a corrupt download away and installs nothing; the next try downloads anew', async () => {
    const corrupt = Buffer.from(packed);
    corrupt[corrupt.length >> 1] = (corrupt[corrupt.length >> 1] ?? 0) ^ 0xff;
    server.files.set('x.tar.gz', corrupt);
    await expect(fetchArchive()).rejects.toMatchObject({
      code: 'DATASET_CORRUPT',
      message: expect.stringContaining(`${server.address}x.tar.gz: `) as string,
      mend: 'the download was thrown away; try again, or name another address with --url',
    });
    expect(existsSync(join(dataDir, 'made-up'))).toBe(false);
    server.files.set('x.tar.gz', packed);
    await fetchArchive();
    expectInstalled();
  });

  it('says which file is another one than it should be', async () => {
    server.files.set('mirror/batch_1.bin.gz', gzipSync(noise(140, 50)));
    const failed = fetchDataset(gzipped.entry, dataDir, { url: `${server.address}mirror/`, ...options() });
    await expect(failed).rejects.toThrow(`${server.address}mirror/batch_1.bin.gz: expected SHA-256 `);
    // The good one before it is kept for the next run.
    expect(readdirSync(join(dataDir, '.incoming', 'made-up', 'downloads'))).toEqual(['batch_0.bin.gz']);
  });

  it('replaces files that are damaged', async () => {
    await fetchArchive();
    writeFileSync(join(dataDir, 'made-up', 'batch_1.bin'), noise(140, 50));
    expect((await fetchArchive()).already).toBe(false);
    expectInstalled();
  });

  it('keeps what has arrived when it gives up, and goes on from there', async () => {
    server.script = [properly({ upTo: 100 })];
    server.otherwise = status(503);
    await expect(fetchArchive()).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    server.otherwise = properly();
    await fetchArchive();
    expectInstalled();
    expect(ranges().at(-1)).toBe('bytes=100-');
  });
});
