import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { openNode } from '../../worker/pool/node.js';
import { BACKENDS } from '../support/backends.js';
import { searchFile } from '../support/search-files.js';

/* Which kernel a worker node runs: option, environment, machine. */

const folder = mkdtempSync(join(tmpdir(), 'vernier-kernel-choice-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function kernelOf(kernel: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const pool = await openNode({ threads: 1, kernel, env, dataDir: folder });
  await pool.close();
  expect(pool.kernelLabel.startsWith(pool.kernel)).toBe(true);
  return pool.kernelLabel;
}

/** What a node of the built package at `root` starts with, in a process of its own. */
async function startedAt(
  root: string,
  { flags = [], kernel }: { flags?: string[]; kernel?: string } = {},
): Promise<{ kernel?: string; reasons?: string[]; error?: { code: string; message: string; mend: string } }> {
  const script = `
    import { openNode } from ${JSON.stringify(join(root, 'dist/worker/pool/node.js'))};
    const reasons = [];
    try {
      const pool = await openNode({
        threads: 1,
        kernel: ${JSON.stringify(kernel)},
        env: {},
        dataDir: '.',
        onKernelFallback: (reason) => reasons.push(reason),
      });
      console.log(JSON.stringify({ kernel: pool.kernelLabel, reasons }));
      await pool.close();
    } catch ({ code, message, mend }) {
      console.log(JSON.stringify({ error: { code, message, mend } }));
    }`;
  const node = promisify(execFile);
  const { stdout } = await node(process.execPath, [...flags, '--input-type=module', '--eval', script], { cwd: folder });
  return JSON.parse(stdout) as object;
}

describe('a worker node', () => {
  it('takes the fastest kernel, or what VERNIER_KERNEL names, or what the option names', async () => {
    const fastest = await kernelOf(undefined, {});
    expect(fastest.split(' ')[0]).toBe(BACKENDS.at(-1)!.name);
    expect(BACKENDS.map(({ label }) => label)).toContain(fastest);
    expect(await kernelOf(undefined, { VERNIER_KERNEL: 'reference' })).toBe('reference');
    expect(await kernelOf('wasm', { VERNIER_KERNEL: 'reference' })).toBe('wasm');
    await expect(kernelOf(undefined, { VERNIER_KERNEL: 'fortran' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('takes the width that VERNIER_NATIVE_WIDTH names, on every thread', async () => {
    for (const { label, recipe } of BACKENDS) {
      if (recipe.name !== 'native') continue;
      expect(await kernelOf(undefined, { VERNIER_NATIVE_WIDTH: recipe.width })).toBe(label);
    }
    expect(await kernelOf('wasm', { VERNIER_NATIVE_WIDTH: 'avx2' })).toBe('wasm');
    await expect(kernelOf(undefined, { VERNIER_NATIVE_WIDTH: 'avx3' })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'there is no native width "avx3"',
    });
  });

  // V8 takes SIMD from SSE4.1 on x64, where it can be told to go without; elsewhere it cannot.
  it.skipIf(process.arch !== 'x64')('runs without SIMD, on the reference kernel, and says so', async () => {
    const { kernel, reasons } = await startedAt(
      copied('without-simd', () => undefined),
      {
        flags: ['--no-enable-sse4-1'],
      },
    );
    expect(kernel).toBe('reference');
    expect(reasons).toEqual([expect.stringContaining('needs WebAssembly SIMD')]);
  });
});

const BUILT = packageFile('build/Release/vernier_kernel.node');

/** The built package in a folder of its own, with another native kernel: what `change` makes of the file, or none. */
function copied(name: string, change: (built: Buffer) => Buffer | undefined): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'build/Release'), { recursive: true });
  symlinkSync(packageFile('node_modules'), join(root, 'node_modules'));
  for (const part of [
    'dist',
    'package.json',
    'binding.gyp',
    'proto/vernier.proto',
    'worker/kernel/native',
    'worker/datasets/embedded',
  ]) {
    cpSync(packageFile(part), join(root, part), { recursive: true });
  }
  const native = BACKENDS.some((backend) => backend.name === 'native');
  const file = change(native ? readFileSync(BUILT) : Buffer.alloc(0));
  if (file !== undefined) writeFileSync(join(root, 'build/Release/vernier_kernel.node'), file);
  return root;
}

describe.skipIf(BACKENDS.every(({ name }) => name !== 'native'))('a native kernel that is not as it should be', () => {
  it('is none where nothing was built: nothing is said, unless it is asked for', async () => {
    const root = copied('missing', () => undefined);
    expect(await startedAt(root)).toEqual({ kernel: 'wasm', reasons: [] });
    expect(await startedAt(root, { kernel: 'native' })).toEqual({
      error: {
        code: 'KERNEL_UNAVAILABLE',
        message: 'the native kernel is not built here',
        mend: expect.stringContaining(`npm --prefix ${root} run build:native`) as string,
      },
    });
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (built: Buffer) => built.subarray(0, built.length >> 1)],
    ['short of its last byte', (built: Buffer) => built.subarray(0, -1)],
    ['cut off within its head', (built: Buffer) => built.subarray(0, 100)],
    ['none at all', () => Buffer.from('a text')],
    [
      'for another processor',
      (built: Buffer) => {
        // e_machine of an ELF file: RISC-V.
        const other = Buffer.from(built);
        other.writeUInt16LE(243, 18);
        return other;
      },
    ],
  ])('does no harm when its file is %s', async (what, change) => {
    const root = copied(what, change);
    const { kernel, reasons } = await startedAt(root);
    expect(kernel).toBe('wasm');
    expect(reasons).toEqual([
      expect.stringMatching(
        /^the native kernel .*(is not whole|does not load here: .*): kernel wasm is used, .*npm --prefix .* run build:native/s,
      ),
    ]);
    expect((await startedAt(root, { kernel: 'native' })).error).toMatchObject({ code: 'KERNEL_UNAVAILABLE' });
  });

  it('is told of once by a search that goes on without it, however many workers it has', async () => {
    const root = copied('in a search', (built) => built.subarray(0, 100));
    const file = join(folder, 'search.yaml');
    writeFileSync(file, searchFile());
    const args = [join(root, 'dist/main.js'), 'run', file, '--workers', '2', '--threads', '1', '--store', 'search.db'];
    const env = { ...process.env, HOME: folder, VERNIER_DATA_DIR: folder };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    expect(stdout).toContain('Result digest');
    expect(stderr.match(/^the native kernel .*: kernel wasm is used, .*$/gm)).toHaveLength(1);
  });

  it('does no harm when it was built from other sources', async () => {
    const root = copied('stale', (built) => built);
    expect((await startedAt(root)).kernel).toMatch(/^native/);
    writeFileSync(join(root, 'worker/kernel/native/source/float32.c'), '/* another */');
    const { kernel, reasons } = await startedAt(root);
    expect(kernel).toBe('wasm');
    expect(reasons).toEqual([expect.stringMatching(/built from other sources.*: kernel wasm is used/)]);
  });
});
