import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, afterEach, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

const sandbox = new Sandbox();
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

/** The embedded data as somebody's own, which are not part of the package. */
async function addOwn(): Promise<void> {
  const options = [];
  for (const [option, name] of [
    ['--train-images', 'train-images-idx3-ubyte'],
    ['--train-labels', 'train-labels-idx1-ubyte'],
    ['--test-images', 't10k-images-idx3-ubyte'],
    ['--test-labels', 't10k-labels-idx1-ubyte'],
  ] as const) {
    const packed = readFileSync(packageFile(`worker/datasets/embedded/fashion-mnist-mini/${name}.br`));
    options.push(option, sandbox.file(name, brotliDecompressSync(packed)));
  }
  const { code, stderr } = await sandbox.run(['data', 'add', 'mine', '--replace', ...options]);
  expect(code, stderr).toBe(0);
}

it('a run over data of one’s own that became damaged says so, and goes on when they are mended', async () => {
  await addOwn();
  const file = sandbox.file('mine.yaml', searchFile().replace('fashion-mnist-mini', 'mine'));
  const folder = sandbox.path('cache/vernier/data/mine');
  const stored = join(folder, readdirSync(folder).find((name) => name.startsWith('train-images')) ?? '');
  const bytes = readFileSync(stored);
  const damaged = Buffer.from(bytes);
  damaged.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  writeFileSync(stored, damaged);

  const { code, stdout, stderr } = await sandbox.run(['run', file, '--json']);
  expect(code, stderr).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/vernier: .*data set mine.*\[DATASET_CORRUPT\]\n {2}nothing is lost/);
  await sandbox.empty();

  writeFileSync(stored, bytes);
  const result = await sandbox.json(['run', file]);
  expect(result.search.state).toBe('completed');
  // The data are the embedded ones' under another name, so the results are theirs but for that.
  const embedded = await sandbox.json(['run', sandbox.file('embedded.yaml', searchFile())]);
  expect(result.rounds[0]?.trials.map(({ metrics }) => metrics)).toEqual(
    embedded.rounds[0]?.trials.map(({ metrics }) => metrics),
  );
});

it('a run over data of one’s own that were cut short says which file', async () => {
  await addOwn();
  const file = sandbox.file('mine.yaml', searchFile().replace('fashion-mnist-mini', 'mine'));
  truncateSync(sandbox.path('cache/vernier/data/mine/train-images.idx'), 5000);
  const { code, stderr } = await sandbox.run(['run', file]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(
    /^vernier: data set mine: not complete: train-images\.idx has 5000 bytes instead of \d+ \[DATASET_CORRUPT\]\n {2}add it: vernier data add mine PATH --replace\n$/,
  );
});
