import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { catalogued } from '../../proto/datasets.js';
import { packageFile } from '../../proto/package-root.js';
import { embeddedFiles } from '../../scripts/build-embedded-data.js';
import { dataCommand } from '../../worker/cli/data.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { runCommand, type Told } from '../support/command.js';
import { idx, noise } from '../support/datasets.js';
import { FileServer, properly } from '../support/file-server.js';
import { Sandbox } from '../support/sandbox.js';
import { tempFolder } from '../support/temp-folder.js';
import { PYTHON } from '../support/python.js';

/* `vernier data` as its users meet it. */

const CIFAR10 = process.env['VERNIER_TEST_CIFAR10'];
const FASHION_MNIST = process.env['VERNIER_TEST_FASHION_MNIST'];
const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;

const folder = tempFolder();
let place: string;
let dataDir: string;
beforeEach(async () => {
  place = await mkdtemp(join(folder, 'case-'));
  dataDir = join(place, 'data');
});

const data = (...args: string[]): Promise<Told> =>
  runCommand(dataCommand, ['data', ...args], { VERNIER_DATA_DIR: dataDir });

/** Runs it to its good end, its stdout read as JSON: one object and nothing else. */
async function json<T>(...args: string[]): Promise<T> {
  const { stdout, error } = await data(...args, '--json');
  expect(error).toBeUndefined();
  return JSON.parse(stdout) as T;
}

interface DatasetJson {
  name: string;
  state: string;
  sha256: string;
  train: number;
  test: number;
  classes: number;
  bytes: number;
  directory: string;
}
const list = async (): Promise<DatasetJson[]> => (await json<{ datasets: DatasetJson[] }>('list')).datasets;
const one = async (name: string): Promise<DatasetJson | undefined> => (await list()).find((each) => each.name === name);

/** Turns one bit of a file. */
function damage(path: string, at: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Uint8Array.of((readFileSync(path)[at] ?? 0) ^ 1), 0, 1, at);
  closeSync(file);
}

/** A folder of a small data set of one's own. */
function digits(): string {
  const source = join(place, 'digits');
  mkdirSync(source);
  writeFileSync(join(source, 'train-images.idx'), idx([6, 2, 2], noise(24)));
  writeFileSync(join(source, 'train-labels.idx'), idx([6], Uint8Array.of(0, 1, 2, 0, 1, 2)));
  return source;
}

describe('vernier data', () => {
  it('adds, lists, verifies and removes data of one’s own', async () => {
    const added = await data('add', 'digits', digits());
    expect(added.error).toBeUndefined();
    expect(added.stdout).toBe(
      `digits is complete: 6 training and no test records of 4 bytes, 3 classes, 54 bytes\n  in ${join(dataDir, 'digits')}\n`,
    );
    expect(added.stderr).toContain('labels 0 .. 2\n');
    expect(await one('digits')).toMatchObject({ state: 'complete', train: 6, test: 0, classes: 3, bytes: 54 });
    expect((await data('verify', 'digits')).stdout).toBe('digits: sound, 2 files\n');
    expect((await data('remove', 'digits')).stdout).toBe(`removed digits from ${dataDir}, 54 bytes\n`);
    expect(await one('digits')).toBeUndefined();
  });

  it('lists in a table of at most 80 columns, with the folder above and what is wrong below', async () => {
    await data('add', 'digits', digits());
    mkdirSync(join(dataDir, 'mnist'));
    writeFileSync(join(dataDir, 'mnist', 't10k-labels-idx1-ubyte'), 'short');
    const { stdout } = await data('list');
    const [first = '', ...rest] = stdout.trimEnd().split('\n');
    expect(first).toBe(`data folder ${dataDir}`);
    const drawn = rest.filter((line) => /^[│┌└├]/.test(line));
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/│ fashion-mnist-mini │ complete +│ +7,000 \+ 1,000 │ +3\.0 MB │ built in +│/);
    expect(stdout).toMatch(/│ mnist +│ incomplete │/);
    expect(stdout).toMatch(/│ digits +│ complete +│ +6 \+ 0 │ 54 bytes │ data folder │/);
    expect(stdout).toContain('mnist: train-images-idx3-ubyte is missing, and 3 more\n');
  });

  it('verifies all that is there; what is damaged is named with what was expected and found', async () => {
    await data('add', 'digits', digits());
    expect((await data('verify')).stdout).toBe('fashion-mnist-mini: sound, 4 files\ndigits: sound, 2 files\n');
    const path = join(dataDir, 'digits', 'train-images.idx');
    damage(path, 20);
    const { stdout, error } = await data('verify');
    expect(error).toMatchObject({
      code: 'DATASET_CORRUPT',
      exitCode: 1,
      message: expect.stringMatching(
        `^data set digits: ${path}: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$`,
      ) as string,
      mend: 'add it again from its source: vernier data add digits PATH --replace',
    });
    expect(stdout).toContain(
      'digits: 1 of 2 files are not as they should be\n  sound    train-labels.idx\n  corrupt  /',
    );
    const { stdout: written } = await data('verify', 'digits', '--json');
    expect(JSON.parse(written)).toMatchObject({
      datasets: [{ name: 'digits', sound: false, files: [{ state: 'sound' }, { state: 'corrupt', path }] }],
    });
  });

  it('verifies what is not there as missing', async () => {
    expect((await data('verify', 'mnist')).error).toMatchObject({ code: 'DATASET_MISSING', exitCode: 1 });
  });

  it.each<[string[], string, string]>([
    [['fetch', 'cifar'], 'there is no data set "cifar" in ', 'did you mean cifar10?'],
    [['verify', 'fashion-minst'], 'there is no data set "fashion-minst"', 'did you mean fashion-mnist?'],
    [['remove', '../etc'], 'there is no data set "../etc"', 'there are: fashion-mnist-mini, cifar10, '],
    [['add', 'cifar10'], 'data set cifar10: PATH is missing', 'vernier data fetch cifar10'],
    [['add', 'digits'], 'data set digits: PATH is missing', '--train-images'],
    [['add', 'cifar10', '/nosuch'], '/nosuch does not exist', 'name a file or folder that can be read'],
    [['add', 'cifar10', '/', '--classes', '3'], 'data set cifar10 is known', 'as PATH'],
    [['add', 'cifar-10', packageFile('package.json')], 'package.json is a file', 'did you mean the data set cifar10?'],
    [['add', 'CIFAR10', '/'], '"CIFAR10" cannot be the name of a data set', 'did you mean the data set cifar10?'],
    [['add', 'fashion-mnist-mini', '/'], 'is part of Vernier: there is nothing to add', 'another name'],
    [['add', 'mnist', packageFile('package.json')], 'package.json: does not hold train-images-idx3-ubyte', 'folder'],
    [['add', 'mnist', packageFile('proto')], 'proto: does not hold train-images-idx3-ubyte, ', 'folder'],
    [['fetch', 'mnist', '--url', 'mirror'], 'mirror is not an http or https address', '--url https://'],
    [
      ['fetch', 'mnist', '--data-dir', packageFile('package.json')],
      'a part of its path is no folder',
      '--data-dir FOLDER',
    ],
  ])('%j: says what is wrong, and the mend', async (args, message, mend) => {
    const { stdout, error } = await data(...args);
    expect(stdout).toBe('');
    expect(error?.message).toContain(message);
    expect(error).toMatchObject({ mend: expect.stringContaining(mend) as string });
  });

  it.each([
    [['fetch'], "error: missing required argument 'name'\n(vernier data fetch --help tells more)"],
    [['fetsh', 'mnist'], "error: unknown command 'fetsh'\n(Did you mean fetch?)"],
    [['list', '--jsn'], "error: unknown option '--jsn'\n(Did you mean --json?)"],
    [['list', 'mnist'], 'error: too many arguments'],
    [['add', 'x', '/', '--classes', '300'], 'It must be at most 256'],
    [['add', 'x', '/', '--classes', '2.5'], 'It must be a whole number of at least 1.'],
  ])('%j: tells wrong use', async (args, message) => {
    const { stderr, error } = await data(...args);
    expect(stderr).toContain(message);
    expect(error).toBeDefined();
  });

  it.each(['fetch', 'add', 'list', 'verify', 'remove'])('%s --help has an example and both options', async (name) => {
    const { stdout } = await data(name, '--help');
    expect(stdout).toContain(`vernier data ${name}`);
    expect(stdout).toContain('--json');
    expect(stdout).toContain('--data-dir');
  });

  it('needs nothing for what is embedded', async () => {
    expect((await data('fetch', 'fashion-mnist-mini')).stdout).toMatch(
      /^fashion-mnist-mini is part of Vernier: 7,000 /,
    );
    expect(readdirSync(place)).toEqual([]);
  });

  it.skipIf(!hasNumpy)('takes what NumPy writes, of every integer type (skipped without NumPy)', async () => {
    const numpy = (...args: string[]): Record<string, unknown> => {
      const script = packageFile('test/numpy/own_data.py');
      const { stdout, stderr } = spawnSync(PYTHON, ['-I', script, ...args], { encoding: 'utf8' });
      expect(stderr).toBe('');
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const { types, unusable } = numpy('write', place) as { types: string[]; unusable: string[] };
    for (const type of types) {
      const { error } = await data('add', 'arrays', join(place, type), '--replace');
      expect(error).toBeUndefined();
      expect(numpy('check', join(place, type), join(dataDir, 'arrays'))).toEqual({
        'train-images': true,
        'train-labels': true,
        'test-images': true,
        'test-labels': true,
      });
    }
    const refusals: Record<string, string> = {};
    for (const name of unusable) {
      const { error } = await data('add', name, join(place, name));
      refusals[name] = error?.message.replace(/^.*\.npy: /, '') ?? 'taken';
    }
    expect(refusals).toEqual({
      fortran: 'the array is in Fortran order',
      float: 'images must be uint8, found float32',
      bool: "images must be uint8, found '|b1'",
      objects: "labels must be whole numbers, found '|O'",
      strided: 'taken', // numpy.save writes it in C order
      onehot: 'an array of [50, 10] holds no labels',
    });
  });
});

describe('vernier data fetch, as a process', () => {
  const sandbox = new Sandbox();
  let server: FileServer;
  beforeAll(async () => {
    server = await FileServer.start();
  });
  afterAll(async () => {
    sandbox.remove();
    await server.close();
  });
  beforeEach(() => server.reset());

  it('goes on after kill -9 where it was, and says what is wrong with what came', async () => {
    server.files.set('archive', noise(500_000));
    server.script = [properly({ upTo: 200_000, afterwards: 'silence' })];
    const args = ['data', 'fetch', 'cifar10', '--url', `${server.address}archive`];
    const first = sandbox.start(args);
    await first.says(/archive: 200 kB of 500 kB\n/);
    first.kill('SIGKILL');
    await first.ended;
    const { stdout } = await sandbox.run(['data', 'list']);
    expect(stdout).toContain('cifar10: 200 kB downloaded; vernier data fetch cifar10 goes on');

    const { code, stderr } = await sandbox.run(args);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=200000-']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/archive: does not hold data_batch_1\.bin, .* \[DATASET_CORRUPT\]\n/);
    expect(stderr).toContain('the download was thrown away; try again');
    expect((await sandbox.run(['data', 'list'])).stdout).not.toContain('downloaded');
  });

  it.skipIf(FASHION_MNIST === undefined)(
    'downloads Fashion-MNIST in plain lines (skipped without VERNIER_TEST_FASHION_MNIST)',
    async () => {
      for (const { file } of catalogued('fashion-mnist')?.members ?? []) {
        server.files.set(`f/${file}.gz`, readFileSync(join(FASHION_MNIST ?? '', `${file}.gz`)));
      }
      server.script = [properly({ upTo: 9_000_000 })];
      const args = ['data', 'fetch', 'fashion-mnist', '--url', `${server.address}f`];
      const { code, stdout, stderr } = await sandbox.run(args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^fashion-mnist is complete: 60,000 training and 10,000 test records of 784 bytes/);
      const lines = stderr.trimEnd().split('\n');
      expect(lines.filter((line) => line.startsWith('checked '))).toHaveLength(4);
      expect(lines.filter((line) => line.includes('trying again in 1 s'))).toHaveLength(1);
      expect(lines.length).toBeLessThan(60);
      expect(lines.filter((line) => line.length > 80 || line.includes('\r') || line.includes('\x1b'))).toEqual([]);
      // Again: nothing is downloaded twice.
      expect((await sandbox.run(args)).stdout).toMatch(/^fashion-mnist is there already: /);
      expect(server.requests).toHaveLength(5);
    },
  );
});

describe.skipIf(FASHION_MNIST === undefined)('Fashion-MNIST (skipped without VERNIER_TEST_FASHION_MNIST)', () => {
  it('is added from its folder, and one level above it', async () => {
    const full = FASHION_MNIST ?? '';
    expect((await data('add', 'fashion-mnist', full)).error).toBeUndefined();
    expect(await one('fashion-mnist')).toMatchObject({ state: 'complete', train: 60_000, bytes: 54_950_048 });
    await data('remove', 'fashion-mnist');
    expect((await data('add', 'fashion-mnist', join(full, '..'))).error).toBeUndefined();
    // As MNIST, which has the same names, it is refused.
    expect((await data('add', 'mnist', full)).error).toMatchObject({ code: 'DATASET_CORRUPT' });
    expect(await one('mnist')).toMatchObject({ state: 'absent' });
  });

  it('is what the embedded subset is made from', () => {
    const rebuilt = embeddedFiles(FASHION_MNIST ?? '');
    expect(rebuilt.size).toBe(4);
    for (const [file, content] of rebuilt) {
      const packed = readFileSync(packageFile(`worker/datasets/embedded/fashion-mnist-mini/${file}.br`));
      expect(brotliDecompressSync(packed).equals(content)).toBe(true);
    }
  });
});

describe.skipIf(CIFAR10 === undefined)('CIFAR-10 (skipped without VERNIER_TEST_CIFAR10)', () => {
  it(
    'is added from its archive, verified, loaded in little memory; one wrong bit is found',
    { timeout: 180_000 },
    async () => {
      expect((await data('add', 'cifar10', CIFAR10 ?? '')).error).toBeUndefined();
      const dataset = await one('cifar10');
      expect(dataset).toMatchObject({ state: 'complete', train: 50_000, test: 10_000, bytes: 184_380_000 });
      expect((await data('verify', 'cifar10')).stdout).toBe('cifar10: sound, 6 files\n');

      // In a process of its own, as it ships: no more than the data and what Node itself needs.
      const script = `
      const { loadDataset } = await import(${JSON.stringify(packageFile('dist/worker/datasets/load.js'))});
      const { NodeMemory } = await import(${JSON.stringify(packageFile('dist/worker/kernel/memory.js'))});
      const { info, train } = await loadDataset('cifar10', undefined, new NodeMemory(), ${JSON.stringify(dataDir)});
      console.log(JSON.stringify({ sha256: info.sha256, records: train.records, peakKb: process.resourceUsage().maxRSS }));`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const loaded = JSON.parse(stdout) as { sha256: string; records: number; peakKb: number };
      expect(loaded).toMatchObject({ sha256: dataset?.sha256, records: 50_000 });
      expect(loaded.peakKb).toBeLessThan(350_000);

      const path = join(dataDir, 'cifar10', 'data_batch_4.bin');
      damage(path, 12_345_678);
      const expected = catalogued('cifar10')?.members[3]?.sha256;
      expect((await data('verify', 'cifar10')).error).toMatchObject({
        code: 'DATASET_CORRUPT',
        message: expect.stringContaining(`${path}: expected SHA-256 ${expected}, found `) as string,
        mend: 'get it: vernier data fetch cifar10, or vernier data add cifar10 PATH',
      });
      await expect(loadDataset('cifar10', undefined, new NodeMemory(), dataDir)).rejects.toMatchObject({
        code: 'DATASET_CORRUPT',
        message: expect.stringContaining(`${path}: expected SHA-256 ${expected}, found `) as string,
      });
      // The mend mends.
      expect((await data('add', 'cifar10', CIFAR10 ?? '')).stdout).toMatch(/^cifar10 is complete/);
      expect((await data('verify', 'cifar10')).error).toBeUndefined();
      expect((await data('add', 'cifar10', CIFAR10 ?? '')).stdout).toMatch(/^cifar10 is there already/);
    },
  );
});
