import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { BACKENDS } from '../support/backends.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

/*
 * Whole searches through real processes, on every backend of this machine and every width of its native code. The digests are
 * the same on every machine, engine and compiler; what changes one raises the numerics version (docs/numerics.md).
 */

const sandbox = new Sandbox();
const file = sandbox.file('search.yaml', searchFile());
const SMALL_SEARCH = '79e5a8d9c768eb93ab029d8b1a88d1c35d7101380e9f47411f9e18e73725c8f5';
const QUICKSTART = '7206fc9d015379029aabbf746e4726d7f9d1e88fc6c6137efd07f6651f1b7379';

afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

describe.each(BACKENDS)('kernel $label', ({ label, recipe }) => {
  const width = recipe.name === 'native' ? recipe.width : undefined;
  const forced = ['--kernel', recipe.name];
  const env = width === undefined ? {} : { VERNIER_NATIVE_WIDTH: width };

  it('gives the digest of a whole small search, on two threads, and says that it is used', async () => {
    const args = ['run', file, ...forced, '--threads', '2', '--store', 'small.db', '--verbose', '--again', '--json'];
    const { code, stdout, stderr } = await sandbox.run(args, env);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ resultDigest: SMALL_SEARCH });
    expect(stderr).toContain(`threads, kernel ${label}, data in`);
  });

  if (recipe.name === 'reference') return; // it would take minutes
  it('gives the digest of the quickstart', async () => {
    const args = ['run', packageFile('configs/quickstart.yaml'), ...forced, '--store', 'quickstart.db', '--again'];
    expect((await sandbox.json(args, env)).resultDigest).toBe(QUICKSTART);
  });
});

describe('a kernel forced by the environment', () => {
  it('is used: VERNIER_KERNEL', async () => {
    const args = ['run', file, '--store', 'forced.db', '--verbose', '--json'];
    const { stdout, stderr } = await sandbox.run(args, { VERNIER_KERNEL: 'wasm' });
    expect(JSON.parse(stdout)).toMatchObject({ resultDigest: SMALL_SEARCH });
    expect(stderr).toContain('threads, kernel wasm, data in');
  });
});
