import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { kernelReport, loadKernel, openKernel, type KernelHost } from '../../../worker/kernel/select.js';
import { compileWasmKernel, supportsSimd } from '../../../worker/kernel/wasm/module.js';

const memory = new NodeMemory().memory;
const folder = mkdtempSync(join(tmpdir(), 'vernier-kernel-'));
afterAll(() => rmSync(folder, { recursive: true }));

const withoutSimd: KernelHost = {
  supportsSimd: () => false,
  compileWasmKernel: () => {
    throw new Error('must not be asked for');
  },
};
const notBuilt: KernelHost = {
  supportsSimd: () => true,
  compileWasmKernel: () => compileWasmKernel(join(folder, 'kernel.wasm')),
};

describe('loadKernel', () => {
  it('takes the fastest where none is named', async () => {
    const reasons: string[] = [];
    for (const name of [undefined, '']) {
      const { kernel, recipe } = await loadKernel(name, memory, (reason) => reasons.push(reason));
      expect(kernel.name).toBe('wasm');
      expect(openKernel(recipe, memory).name).toBe('wasm');
    }
    expect(reasons).toEqual([]);
  });

  it('takes the one that is named', async () => {
    const reference = await loadKernel('reference', memory);
    expect(reference.kernel.name).toBe('reference');
    expect(reference.recipe).toEqual({ name: 'reference' });
    expect((await loadKernel('wasm', memory)).kernel.name).toBe('wasm');
  });

  it('refuses a name that it does not know, with the ones that it does', async () => {
    await expect(loadKernel('wams', memory)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'there is no kernel "wams"',
      mend: expect.stringContaining('reference, wasm, native') as string,
    });
  });

  it('falls back to the reference where there is no SIMD, and says so', async () => {
    const reasons: string[] = [];
    const { kernel, recipe } = await loadKernel(undefined, memory, (reason) => reasons.push(reason), withoutSimd);
    expect(kernel.name).toBe('reference');
    expect(recipe).toEqual({ name: 'reference' });
    expect(reasons).toEqual([expect.stringContaining('no WebAssembly SIMD')]);
  });

  it('does not fall back from a kernel that was asked for', async () => {
    await expect(loadKernel('wasm', memory, undefined, withoutSimd)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      mend: expect.stringContaining('--kernel reference') as string,
    });
  });

  it('tells how to build a kernel that is not there, or is broken', async () => {
    await expect(loadKernel(undefined, memory, undefined, notBuilt)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining(join(folder, 'kernel.wasm')) as string,
      mend: 'build it: npm run build',
    });
    writeFileSync(join(folder, 'kernel.wasm'), 'not a module');
    await expect(loadKernel(undefined, memory, undefined, notBuilt)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining('cannot be compiled') as string,
    });
    rmSync(join(folder, 'kernel.wasm'));
  });
});

describe('kernelReport', () => {
  it('tells of every backend whether it runs here, and how fast', async () => {
    const reports = await kernelReport();
    expect(reports.map(({ name, available }) => [name, available])).toEqual([
      ['reference', true],
      ['wasm', true],
      ['native', false],
    ]);
    for (const { stepMs } of reports.slice(0, 2)) expect(stepMs).toBeGreaterThan(0);
  });

  it('tells why a backend does not run', async () => {
    const [, wasm] = await kernelReport(withoutSimd);
    expect(wasm).toEqual({
      name: 'wasm',
      available: false,
      reason: 'the wasm kernel needs WebAssembly SIMD, which this engine lacks',
    });
  });
});

it('finds SIMD in this engine', () => {
  expect(supportsSimd()).toBe(true);
});
