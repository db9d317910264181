import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { exp, log } from '../../../proto/numeric/index.js';
import { packageFile, packageRoot } from '../../../proto/package-root.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { loadNativeAddon, loadNativeBinding, type NativeBinding } from '../../../worker/kernel/native/addon.js';
import { tempFolder } from '../../support/temp-folder.js';

const SOURCES = 'worker/kernel/native/source';
const ADDON = 'build/Release/vernier_kernel.node';

let binding: NativeBinding | undefined;
let missing = '';
try {
  binding = loadNativeBinding();
} catch (error) {
  if (!(error instanceof VernierError)) throw error;
  missing = `: ${error.message}`;
}
const built = binding as NativeBinding;

const folder = tempFolder();

/** The sources without a build, in a folder of their own. */
function copyOfSources(name: string): string {
  const root = join(folder, name);
  cpSync(packageFile('worker/kernel/native'), join(root, 'worker/kernel/native'), { recursive: true });
  copyFileSync(packageFile('binding.gyp'), join(root, 'binding.gyp'));
  writeFileSync(join(root, 'package.json'), '{"name":"vernier"}');
  mkdirSync(join(root, 'build/Release'), { recursive: true });
  return root;
}

function errorOf(call: () => unknown): VernierError {
  try {
    call();
  } catch (error) {
    if (error instanceof VernierError) return error;
    throw error;
  }
  throw new Error('it loaded');
}

describe('loading the native kernel', () => {
  it('tells that there is no build', () => {
    const error = errorOf(() => loadNativeBinding(copyOfSources('unbuilt')));
    expect(error.code).toBe('KERNEL_UNAVAILABLE');
    expect(error.message).toBe('the native kernel is not built here');
    expect(error.mend).toContain(`npm --prefix ${packageRoot} run build:native`);
  });

  it('tells that a build does not load', () => {
    const root = copyOfSources('broken');
    writeFileSync(join(root, ADDON), 'not a shared object');
    const error = errorOf(() => loadNativeBinding(root));
    expect(error.code).toBe('KERNEL_UNAVAILABLE');
    expect(error.message).toMatch(/^the native kernel (\S+) does not load here: (?!Error)(?!.*\1).+/);
  });

  it('tells that a build cannot be read', () => {
    const root = copyOfSources('unreadable');
    mkdirSync(join(root, ADDON));
    expect(errorOf(() => loadNativeBinding(root)).message).toContain(`${join(root, ADDON)} does not load here`);
  });

  it.skipIf(missing !== '')(`refuses a build whose sources are gone${missing}`, () => {
    const root = copyOfSources('sourceless');
    copyFileSync(packageFile(ADDON), join(root, ADDON));
    rmSync(join(root, 'worker'), { recursive: true });
    const error = errorOf(() => loadNativeBinding(root));
    expect(error.code).toBe('KERNEL_UNAVAILABLE');
    expect(error.message).toContain('the sources of the native kernel cannot be read');
  });

  it.skipIf(missing !== '')(`refuses a build of other sources${missing}`, () => {
    const root = copyOfSources('stale');
    copyFileSync(packageFile(ADDON), join(root, ADDON));
    expect(loadNativeBinding(root).widths).toEqual(built.widths);
    writeFileSync(join(root, SOURCES, 'more.h'), '/* one more */');
    const error = errorOf(() => loadNativeBinding(root));
    expect(error.code).toBe('KERNEL_UNAVAILABLE');
    expect(error.message).toContain('was built from other sources');
  });
});

describe('installing without the tools that the native kernel needs', () => {
  const installIn = (root: string, ...args: string[]) => {
    const script = join(root, 'worker/kernel/native/setup/install.cjs');
    const env = { PATH: '/nowhere', npm_config_node_gyp: '' };
    return spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' });
  };
  const install = (...args: string[]) => installIn(copyOfSources(`install${args.join('')}`), ...args);

  it('is silent and succeeds', () => {
    expect(install()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.skipIf(missing !== '')(`keeps a build of these sources, and takes away one that is cut off${missing}`, () => {
    const root = copyOfSources('installed');
    const file = join(root, ADDON);
    const whole = readFileSync(packageFile(ADDON));
    writeFileSync(file, whole);
    expect(installIn(root)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(file).equals(whole)).toBe(true);
    // Loading it would end the process with SIGBUS.
    writeFileSync(file, whole.subarray(0, whole.length >> 1));
    expect(installIn(root)).toMatchObject({ status: 0, signal: null, stderr: '' });
    expect(existsSync(file)).toBe(false);
  });

  it('says why, and fails, when the build was asked for', () => {
    const { status, stderr } = install('--verbose');
    expect(status).toBe(1);
    expect(stderr).toContain('the native kernel is not built: ');
  });
});

describe.skipIf(missing !== '')(`the native kernel${missing}`, () => {
  it('takes nothing but the numbers it asks for', () => {
    const { memory } = new NodeMemory();
    const view = new Uint8Array(memory.buffer);
    const [width] = built.widths;
    const anything = built as unknown as Record<string, (...values: unknown[]) => unknown>;
    expect(() => anything['open']!()).toThrow(TypeError);
    expect(() => anything['open']!({}, width, 'float32')).toThrow('the memory is a Uint8Array');
    expect(() => anything['open']!(new Float64Array(1), width, 'float32')).toThrow('the memory is a Uint8Array');
    expect(() => anything['open']!(view, 'avx1024', 'float32')).toThrow('not one of `widths`');
    expect(() => anything['open']!(view, width, 'float16')).toThrow('float32 or float64');
    expect(() => anything['multiplyAddPeak']!(width, 'float32')).toThrow(TypeError);
    expect(() => anything['exponentials']!([1], width)).toThrow('Float64Array');

    const functions = built.open(view, width!, 'float32') as unknown as Record<
      string,
      (...values: unknown[]) => unknown
    >;
    for (const [name, call] of Object.entries(functions)) {
      expect(() => call(), name).toThrow('wrong number of arguments');
      expect(() => call(...Array.from({ length: 13 }, () => 0)), name).toThrow('wrong number of arguments');
    }
    expect(() => functions['addBias']!(0, 64, '1', 0, 0)).toThrow('arguments are numbers');
    expect(() => functions['addBias']!(0, 64, -1, 0, 0)).toThrow('not below 0');
    expect(() => functions['addBias']!(0, 64, NaN, 0, 0)).toThrow('not below 0');
  });

  it('opens many memories, in many threads, and lets go of them', async () => {
    const script = `
      const { workerData } = require('node:worker_threads');
      const binding = require(workerData.addon);
      for (let i = 0; i < 200; i++) {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
        const values = new Float32Array(memory.buffer);
        values[0] = i;
        values[16] = 0.5;
        const width = binding.widths[i % binding.widths.length];
        const { addBias } = binding.open(new Uint8Array(memory.buffer), width, 'float32');
        addBias(0, 64, 1, 1, 64);
        if (values[0] !== i + 0.5) throw new Error('wrong memory');
      }`;
    const ends = Array.from({ length: 3 }, () => {
      const worker = new Worker(script, { eval: true, workerData: { addon: packageFile(ADDON) } });
      return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
  });

  it('reaches what its memory grows by later', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true });
    const { float32 } = loadNativeAddon().functions(built.widths[0]!, memory);
    memory.grow(2);
    const values = new Float32Array(memory.buffer);
    const at = 2 * 65_536;
    values[at / 4] = 2;
    values[at / 4 + 16] = 3;
    float32.addBias(at, 64, 1, 1, at + 64);
    expect(values[at / 4]).toBe(5);
  });

  it('measures what the registers bear', () => {
    for (const width of built.widths) {
      const peaks = (['float32', 'float64'] as const).map((precision) => built.multiplyAddPeak(width, precision, 5));
      // Any processor of this century does one operation a cycle; none does a thousand.
      for (const peak of peaks) expect(peak).toBeGreaterThan(1e8);
      for (const peak of peaks) expect(peak).toBeLessThan(1e13);
    }
  });

  const NEAR_ZERO = [0, -0, 5e-324, 2 ** -1022, 2 ** -1022 - 5e-324];
  /** Where exp overflows, turns subnormal, and vanishes. */
  const LIMITS = [709.782712893384, 709.7827128933841, -708.4, -745.1332191019411, -745.1332191019412, -745.14];
  const SPECIAL = [...NEAR_ZERO, NaN, Infinity, -Infinity, ...LIMITS, Number.MAX_VALUE, 1, -1, 2, 0.5, Math.SQRT1_2];
  /** Every size and sign of float64: random bits. */
  const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  });
  const softmaxSized = fc.double({ min: -750, max: 711, noNaN: true });

  it.each(
    (binding?.widths ?? []).flatMap((width) => [
      { width, name: 'exp', own: (x: Float64Array) => built.exponentials(x, width), specification: exp },
      { width, name: 'log', own: (x: Float64Array) => built.logarithms(x, width), specification: log },
    ]),
  )('gives the bits of proto/numeric: $name, $width', ({ own, specification }) => {
    const check = (numbers: readonly number[]) => {
      const values = Float64Array.from(numbers);
      own(values);
      const wrong = numbers.filter((x, i) => !Object.is(values[i], specification(x)));
      expect(wrong).toEqual([]);
    };
    check(SPECIAL);
    fc.assert(fc.property(fc.array(fc.oneof(anyDouble, softmaxSized), { minLength: 100, maxLength: 100 }), check));
    check(Array.from({ length: 50_000 }, (_, i) => (i - 40_000) * 0.017_31));
  });
});
