import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { openNode } from '../../worker/pool/node.js';

/* Which kernel a worker node runs: option, environment, machine. */

const dataDir = mkdtempSync(join(tmpdir(), 'vernier-kernel-choice-'));
afterAll(() => rmSync(dataDir, { recursive: true }));

async function kernelOf(kernel: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const pool = await openNode({ threads: 1, kernel, env, dataDir });
  await pool.close();
  return pool.kernel;
}

describe('a worker node', () => {
  it('takes the fastest kernel, or what VERNIER_KERNEL names, or what the option names', async () => {
    expect(await kernelOf(undefined, {})).toBe('wasm');
    expect(await kernelOf(undefined, { VERNIER_KERNEL: 'reference' })).toBe('reference');
    expect(await kernelOf('wasm', { VERNIER_KERNEL: 'reference' })).toBe('wasm');
    await expect(kernelOf(undefined, { VERNIER_KERNEL: 'fortran' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  // V8 takes SIMD from SSE4.1 on x64, where it can be told to go without; elsewhere it cannot.
  it.skipIf(process.arch !== 'x64')('runs without SIMD, on the reference kernel, and says so', async () => {
    const script = `
      import { openNode } from ${JSON.stringify(packageFile('dist/worker/pool/node.js'))};
      const reasons = [];
      const pool = await openNode({
        threads: 1, kernel: undefined, env: {}, dataDir: '.', onKernelFallback: (reason) => reasons.push(reason),
      });
      console.log(JSON.stringify({ kernel: pool.kernel, reasons }));
      await pool.close();`;
    const run = await promisify(execFile)(
      process.execPath,
      ['--no-enable-sse4-1', '--input-type=module', '--eval', script],
      { cwd: dataDir },
    );
    expect(JSON.parse(run.stdout)).toEqual({
      kernel: 'reference',
      reasons: [expect.stringContaining('no WebAssembly SIMD')],
    });
  });
});
