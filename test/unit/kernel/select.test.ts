import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { forcedKernel, forcedNativeWidth, type NativeWidth } from '../../../proto/kernels.js';
import type { Kernel } from '../../../worker/kernel/kernel.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { kernelLabel, openKernel, type KernelRecipe } from '../../../worker/kernel/recipe.js';
import { kernelReport } from '../../../worker/kernel/report.js';
import { loadKernel, thisHost, type KernelHost, type KernelRequest } from '../../../worker/kernel/select.js';
import { compileWasmKernel, supportsSimd } from '../../../worker/kernel/wasm/module.js';
import { BACKENDS } from '../../support/backends.js';

const { memory } = new NodeMemory();
const folder = mkdtempSync(join(tmpdir(), 'vernier-kernel-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WASM = { name: 'wasm', module: compileWasmKernel() } as const;

/**
 * A machine whose native kernel has these widths, with these milliseconds a step; its native code is played by the WASM kernel, so
 * that this machine needs none. Those of `faulty`, by their labels, round one number otherwise.
 */
function machine(
  stepMs: Partial<Record<NativeWidth, number>>,
  faulty: readonly string[] = [],
  changes: Partial<KernelHost> = {},
): KernelHost & { timed: string[][] } {
  const widths = Object.keys(stepMs) as NativeWidth[];
  const widthOf = new Map<Kernel, NativeWidth>();
  const timed: string[][] = [];
  return {
    timed,
    isNativeBuilt: () => true,
    loadNativeAddon: () => ({
      widths,
      functions: () => {
        throw new Error('must not be asked for');
      },
      multiplyAddPeak: () => 0,
    }),
    supportsSimd,
    compileWasmKernel: () => WASM.module,
    open: (recipe, where) => {
      const right = openKernel(recipe.name === 'native' ? WASM : recipe, where);
      const label = kernelLabel(recipe);
      const kernel = { ...(faulty.includes(label) ? withFault(right) : right), name: recipe.name };
      if (recipe.name === 'native') widthOf.set(kernel, recipe.width);
      return kernel;
    },
    compareTrainSteps: (kernels) => {
      timed.push(kernels.map((kernel) => `native (${widthOf.get(kernel)})`));
      return kernels.map((kernel) => stepMs[widthOf.get(kernel)!]!);
    },
    ...changes,
  };
}

/** The kernel, but for the last digit of one weight. */
function withFault(kernel: Kernel): Kernel {
  return {
    ...kernel,
    open: (shapes, workspace) => {
      const group = kernel.open(shapes, workspace);
      const [network] = group.networks;
      const right = network!.parameters.bind(network);
      network!.parameters = () => {
        const layers = right();
        layers[0]!.weights[3]! *= 1 + 2 ** -23;
        return layers;
      };
      return group;
    },
  };
}

const WIDTHS = { sse2: 3, avx2: 1.2, avx512vl: 1, avx512: 1.1 };
const notBuilt = { isNativeBuilt: () => false, loadNativeAddon: () => thisHost.loadNativeAddon() };
const withoutSimd = {
  supportsSimd: () => false,
  compileWasmKernel: () => {
    throw new Error('must not be asked for');
  },
};

async function chosen(request: KernelRequest, host: KernelHost): Promise<{ label: string; told: string[] }> {
  const told: string[] = [];
  const { kernel, recipe } = await loadKernel(request, memory, (reason) => told.push(reason), host);
  expect(kernel.name).toBe(recipe.name);
  return { label: kernelLabel(recipe), told };
}

describe('loadKernel', () => {
  it('takes the native width that is the fastest on this very machine, which need not be the widest', async () => {
    const host = machine(WIDTHS);
    expect(await chosen({}, host)).toEqual({ label: 'native (avx512vl)', told: [] });
    expect(host.timed).toEqual([['native (avx2)', 'native (avx512vl)', 'native (avx512)']]);
    expect(await chosen({}, machine({ ...WIDTHS, avx512: 0.5 }))).toEqual({ label: 'native (avx512)', told: [] });
    expect(await chosen({ name: 'native' }, machine({ ...WIDTHS, avx2: 0.5 }))).toEqual({
      label: 'native (avx2)',
      told: [],
    });
  });

  it('times nothing where there is no choice', async () => {
    const two = machine({ sse2: 1, avx2: 2 });
    expect([(await chosen({}, two)).label, two.timed]).toEqual(['native (avx2)', []]);
    const host = machine({ neon: 1 });
    expect((await chosen({}, host)).label).toBe('native (neon)');
    expect((await chosen({ nativeWidth: 'neon' }, host)).label).toBe('native (neon)');
    expect(host.timed).toEqual([]);
  });

  it('passes over what fails its self-test, from the fastest on, and names it with the mend', async () => {
    const faulty = ['native (avx512vl)', 'native (avx512)'];
    expect(await chosen({}, machine(WIDTHS, faulty))).toEqual({
      label: 'native (avx2)',
      told: faulty.map(
        (label) =>
          `kernel ${label} fails its self-test (it gives other bits than the reference): kernel native (avx2) is used, ` +
          'which gives the right bits; build or install it anew, and report it with what vernier doctor prints',
      ),
    });
    const native = Object.keys(WIDTHS).map((width) => `native (${width})`);
    const { label, told } = await chosen({}, machine(WIDTHS, native));
    expect([label, told.length]).toEqual(['wasm', 4]);
    const none = await chosen({}, machine(WIDTHS, [...native, 'wasm']));
    expect([none.label, none.told.length]).toEqual(['reference', 5]);
    expect(none.told[4]).toMatch(/^kernel wasm fails its self-test .*: kernel reference is used.* 50 times slower; /);
  });

  it('passes over what stops, as much as what errs', async () => {
    const host = machine({ avx2: 1 }, [], {
      open: (recipe, where) => {
        if (recipe.name === 'native') throw new RangeError('illegal');
        return openKernel(recipe, where);
      },
    });
    const { label, told } = await chosen({}, host);
    expect(label).toBe('wasm');
    expect(told).toEqual([expect.stringContaining('(it stops with RangeError: illegal): kernel wasm is used')]);
  });

  it('says nothing of a native kernel that was never built, and why one that is there does not load', async () => {
    expect(await chosen({}, machine({}, [], notBuilt))).toEqual({ label: 'wasm', told: [] });
    const broken = machine({}, [], {
      loadNativeAddon: () => {
        throw new VernierError('KERNEL_UNAVAILABLE', 'the file does not load', { mend: 'build it' });
      },
    });
    expect(await chosen({}, broken)).toEqual({
      label: 'wasm',
      told: ['the file does not load: kernel wasm is used, which gives the right bits; build it'],
    });
    await expect(chosen({ name: 'native' }, broken)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: 'the file does not load',
      mend: 'build it',
    });
  });

  it('takes the one that is named, and the width', async () => {
    for (const name of ['reference', 'wasm'] as const) {
      expect(await chosen({ name }, machine(WIDTHS))).toEqual({ label: name, told: [] });
      expect(await chosen({ name, nativeWidth: 'avx2' }, machine(WIDTHS))).toEqual({ label: name, told: [] });
    }
    for (const nativeWidth of ['sse2', 'avx512'] as const) {
      expect(await chosen({ nativeWidth }, machine(WIDTHS))).toEqual({ label: `native (${nativeWidth})`, told: [] });
      expect((await chosen({ name: 'native', nativeWidth }, machine(WIDTHS))).label).toBe(`native (${nativeWidth})`);
    }
  });

  it('refuses a named one that fails its self-test; of the native kernel another width will do', async () => {
    await expect(chosen({ name: 'wasm' }, machine(WIDTHS, ['wasm']))).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining('kernel wasm fails its self-test') as string,
      mend: expect.stringContaining('build or install it anew') as string,
    });
    await expect(chosen({ nativeWidth: 'avx2' }, machine(WIDTHS, ['native (avx2)']))).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining('kernel native (avx2) fails its self-test') as string,
    });
    const { label, told } = await chosen({ name: 'native' }, machine(WIDTHS, ['native (avx512vl)']));
    expect([label, told.length]).toEqual(['native (avx512)', 1]);
    await expect(chosen({ name: 'native' }, machine({ avx2: 1 }, ['native (avx2)']))).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
    });
  });

  it('refuses a width that this processor lacks', async () => {
    await expect(chosen({ nativeWidth: 'avx512' }, machine({ sse2: 2, avx2: 1 }))).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: 'the native kernel cannot use avx512 on this processor, which VERNIER_NATIVE_WIDTH asks for',
      mend: 'choose one of sse2, avx2, or leave it out for the fastest',
    });
  });

  it('falls back to the reference where there is no SIMD, and says so', async () => {
    const host = machine({}, [], { ...notBuilt, ...withoutSimd });
    const { label, told } = await chosen({}, host);
    expect(label).toBe('reference');
    expect(told).toEqual([
      expect.stringMatching(/WebAssembly SIMD, which this engine lacks: kernel reference is used.* 50 times slower/),
    ]);
    await expect(chosen({ name: 'wasm' }, host)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      mend: expect.stringContaining('--kernel reference') as string,
    });
  });

  it('tells how to build a WASM kernel that is not there, or is broken', async () => {
    const file = join(folder, 'kernel.wasm');
    const host = machine({}, [], { ...notBuilt, compileWasmKernel: () => compileWasmKernel(file) });
    await expect(chosen({}, host)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining(file) as string,
      mend: 'build it: npm run build',
    });
    writeFileSync(file, 'not a module');
    await expect(chosen({}, host)).rejects.toMatchObject({
      code: 'KERNEL_UNAVAILABLE',
      message: expect.stringContaining('cannot be compiled') as string,
    });
  });

  it.each(BACKENDS)('takes $label here when it is asked for', async ({ name, recipe, label }) => {
    const nativeWidth = recipe.name === 'native' ? recipe.width : undefined;
    const told: string[] = [];
    const loaded = await loadKernel({ name, nativeWidth }, memory, (reason) => told.push(reason));
    expect([kernelLabel(loaded.recipe), loaded.kernel.name, told]).toEqual([label, name, []]);
    const again: KernelRecipe = structuredClone(loaded.recipe);
    expect(openKernel(again, memory).name).toBe(name);
  });

  it('takes here what is best', async () => {
    const { recipe } = await loadKernel({}, memory);
    expect(recipe.name).toBe(BACKENDS.at(-1)!.name);
  });
});

describe('the names of kernels and widths', () => {
  it('are checked, and none is the fastest', () => {
    expect([forcedKernel(undefined), forcedKernel(''), forcedKernel('native')]).toEqual([
      undefined,
      undefined,
      'native',
    ]);
    expect([forcedNativeWidth({}), forcedNativeWidth({ VERNIER_NATIVE_WIDTH: '' })]).toEqual([undefined, undefined]);
    expect(forcedNativeWidth({ VERNIER_NATIVE_WIDTH: 'avx2' })).toBe('avx2');
    expect(() => forcedKernel('wams')).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'there is no kernel "wams"',
        mend: expect.stringContaining('reference, wasm, native') as string,
      }),
    );
    expect(() => forcedNativeWidth({ VERNIER_NATIVE_WIDTH: 'avx' })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'there is no native width "avx"',
        mend: 'choose one of sse2, neon, avx2, avx512vl, avx512, or leave it out for the fastest (VERNIER_NATIVE_WIDTH)',
      }),
    );
  });
});

describe('kernelReport', () => {
  it('tells of every backend and width whether it runs here, and how fast', () => {
    const reports = kernelReport();
    const here = reports.filter(({ available }) => available);
    expect(here.map(kernelLabel)).toEqual(BACKENDS.map(({ label }) => label));
    for (const { stepMs, gflops } of here) expect(stepMs! * gflops!).toBeCloseTo(61.44, 6);
    for (const { name, reason } of reports.filter(({ available }) => !available)) {
      expect([name, typeof reason]).toEqual(['native', 'string']);
    }
  });

  it('tells why a backend, or a width, does not run', () => {
    const host = machine({ sse2: 1, avx2: 1 }, ['native (sse2)'], withoutSimd);
    const [reference, ...others] = kernelReport(host);
    expect(reference).toMatchObject({ name: 'reference', available: true });
    expect(others).toMatchObject([
      { name: 'wasm', available: false, reason: 'the wasm kernel needs WebAssembly SIMD, which this engine lacks' },
      {
        name: 'native',
        width: 'sse2',
        available: false,
        reason: expect.stringContaining('fails its self-test') as string,
      },
      { name: 'native', width: 'avx2', available: true },
      { name: 'native', width: 'avx512vl', available: false, reason: 'this processor does not have it' },
      { name: 'native', width: 'avx512', available: false, reason: 'this processor does not have it' },
    ]);
    const missing = kernelReport(machine({}, [], notBuilt)).filter(({ name }) => name === 'native');
    if (BACKENDS.every(({ name }) => name !== 'native')) {
      expect(missing).toMatchObject([{ name: 'native', available: false, mend: expect.any(String) as string }]);
    }
  });
});

it('finds SIMD in this engine', () => {
  expect(supportsSimd()).toBe(true);
});
