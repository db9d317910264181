import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exp32, log, log32 } from '../../proto/numeric/index.js';
import { packageFile } from '../../proto/package-root.js';
import { bigExp, fixed, ulp } from '../support/high-precision.js';
import { tempFolder } from '../support/temp-folder.js';
import type { Comparison, Task, Wrong } from './compare.js';

/*
 * exp and log of float32 numbers, as every implementation in the product computes them, are the correctly rounded ones: decided
 * by oracle.h, whose bounds are argued there. docs/numerics.md tells what follows.
 */

const EXHAUSTIVE = process.env['VERNIER_TEST_EXHAUSTIVE'] === '1';
const hasCompiler = spawnSync('cc', ['--version']).status === 0;
const folder = tempFolder();

const SOURCE = packageFile('worker/kernel/native/source');
/** What binding.gyp builds with. */
const FLAGS = ['-O3', '-std=gnu11', '-ffp-contract=off', '-fno-fast-math', '-Wall', '-Wextra', '-Werror', '-Wno-psabi'];
const AVX512 = ['-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx512bw'];
const WIDTHS: Record<string, [name: string, vectorBytes: number, ...flags: string[]][]> = {
  x64: [
    ['sse2', 16],
    ['avx2', 32, '-mavx2'],
    ['avx512vl', 32, ...AVX512, '-mprefer-vector-width=256'],
    ['avx512', 64, ...AVX512, '-mprefer-vector-width=512'],
  ],
  arm64: [['neon', 16]],
};
const reason = !hasCompiler ? ' (no C compiler here)' : WIDTHS[process.arch] === undefined ? ' (no native kernel)' : '';

/** Compiles the oracle and, beside it, the native kernel's functions out of `source`, for every width. */
function build(subfolder: string, source = SOURCE): string {
  const own = join(folder, subfolder);
  mkdirSync(own);
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const objects = (WIDTHS[process.arch] ?? []).map(([width, vectorBytes, ...flags]) => {
    const object = join(own, `${width}.o`);
    const defines = [`-DWIDTH=${width}`, `-DVECTOR_BYTES=${vectorBytes}`];
    execFileSync('cc', [...FLAGS, ...flags, ...defines, `-I${source}`, '-c', file('product.c'), '-o', object]);
    return object;
  });
  const program = join(own, 'float32');
  execFileSync('cc', [...FLAGS, file('float32.c'), ...objects, '-o', program, '-lm']);
  return program;
}

/** The comparison of some blocks, in two processes, which end with the test. */
async function compare(task: Task, signal: AbortSignal): Promise<Comparison> {
  const program = fileURLToPath(new URL('compare.ts', import.meta.url));
  const ends = await Promise.all(
    [0, 1].map((half) => {
      const blocks = task.blocks.filter((_, index) => index % 2 === half);
      return new Promise<Comparison>((resolve, reject) => {
        const { stdin } = execFile(
          process.execPath,
          ['--import', 'tsx', program],
          { maxBuffer: 2 ** 28, signal },
          (error, stdout) => (error === null ? resolve(JSON.parse(stdout) as Comparison) : reject(error)),
        );
        stdin?.end(JSON.stringify({ ...task, blocks }));
      });
    }),
  );
  return {
    implementations: ends[0]?.implementations ?? [],
    wrong: ends.flatMap(({ wrong }) => wrong),
    undecided: ends.flatMap(({ undecided }) => undecided),
  };
}

const NUMERIC = pathToFileURL(packageFile('proto/numeric/index.ts')).href;

/**
 * Where log, rounded to float64 and then to float32, is not the correctly rounded float32: input, that float32, and ours. In each,
 * the float64 nearest to the logarithm is the very middle of two float32 numbers, and the tie goes the wrong way.
 */
const ROUNDED_TWICE = [
  ['3c413d3a', 'c08e158f', 'c08e1590'],
  ['41178feb', '400fe5e7', '400fe5e8'],
  ['4c5d65a5', '418f034b', '418f034a'],
  ['65d890d3', '4254d1f9', '4254d1f8'],
  ['6f31a8ec', '42845a89', '42845a88'],
] as const;

/** Inputs whose exp lies within 2^-51 of a middle between two float32 numbers, and log within 2^-54: the nearest there are. */
const NEAR = {
  exp: ['bae0e25c', 'bbf0edf1', 'c16912cd'],
  log: ['1f116ab8', '4d604ebe', '66a8c860', ...ROUNDED_TWICE.map(([input]) => input)],
};
const blockOf = (bits: string) => Number.parseInt(bits, 16) >>> 20;
const NEAR_BLOCKS = [...new Set([...NEAR.exp, ...NEAR.log].map(blockOf))];
/** Around 1, where log is small; 0; the ends of exp; the first and last numbers of each sign. */
const SPECIAL_BLOCKS = ['00000000', '3f700000', '3f800000', '42b17218', '7f800000', '80000000', 'c2cff1b5', 'fff00000'];

/** TypeScript's log32 is right there, too; the kernels have the logarithm of float64 alone. */
function expected(implementations: readonly string[], blocks: readonly number[]): Wrong[] {
  const float64 = implementations.filter((where) => where !== 'typescript');
  return float64.flatMap((where) =>
    ROUNDED_TWICE.filter(([input]) => blocks.includes(blockOf(input))).map(([input, correct, result]): Wrong => ({
      name: 'log',
      where,
      input,
      correct,
      result,
    })),
  );
}

const inOrder = (wrong: readonly Wrong[]) =>
  wrong.map(({ name, where, input, correct, result }) => [name, where, input, correct, result].join(' ')).toSorted();

describe.skipIf(reason !== '')(`exp and log of float32${reason}`, () => {
  const program = reason === '' ? build('product') : '';
  const valuesOf = (name: Wrong['name'], block: number) => {
    const bytes = execFileSync(program, ['values', name, String(block)], { maxBuffer: 2 ** 23 });
    return new Uint32Array(Uint8Array.from(bytes).buffer);
  };

  async function verify(blocks: readonly number[], signal: AbortSignal): Promise<void> {
    const { implementations, wrong, undecided } = await compare({ program, blocks, numeric: NUMERIC }, signal);
    expect(implementations).toEqual(expect.arrayContaining(['typescript', 'wasm', WIDTHS[process.arch]?.[0]?.[0]]));
    expect(undecided).toEqual([]);
    expect(inOrder(wrong)).toEqual(inOrder(expected(implementations, blocks)));
  }

  it('are correctly rounded, but for the float64 log at five inputs: in the hardest blocks and some at random', async ({
    signal,
  }) => {
    const random = Array.from({ length: 8 }, () => Math.floor(Math.random() * 4096));
    await verify([...new Set([...NEAR_BLOCKS, ...SPECIAL_BLOCKS.map(blockOf), ...random])], signal);
  });

  it.skipIf(!EXHAUSTIVE)(
    'are correctly rounded, but for the float64 log at five inputs: for all 2^32 (skipped without VERNIER_TEST_EXHAUSTIVE=1)',
    { timeout: 1_800_000 },
    async ({ signal }) => {
      await verify(
        Array.from({ length: 4096 }, (_, block) => block),
        signal,
      );
    },
  );

  it('are hardest to round where this test says', () => {
    const near = (slack: number) =>
      execFileSync(program, ['near', String(slack), ...NEAR_BLOCKS.map(String)], { encoding: 'utf8' });
    const told = near(10).trimEnd().split('\n');
    for (const [name, inputs] of Object.entries(NEAR)) {
      for (const input of inputs) expect(told).toContain(`near ${name} ${input}`);
    }
    // The oracle's bounds might be eight times as wide, and it would decide all the same.
    expect(near(3)).toBe('');
  });

  it('are what arithmetic of 1500 binary places says', () => {
    const check = (name: Wrong['name'], block: number, index: number, correct: Uint32Array) => {
      const x = floatOf(block * 2 ** 20 + index);
      const y = floatOf(correct[index] as number);
      if (!Number.isFinite(x) || !Number.isFinite(y) || y === 0 || (name === 'log' && x <= 0)) return;
      // Half way to the neighbours; exp is increasing, so that log is judged by exp of the ends.
      const [lower, upper] = [fixed(y) + fixed(-halfStep(y, -1)), fixed(y) + fixed(halfStep(y, 1))];
      const where = `${name} of ${x}`;
      if (name === 'exp') {
        const truth = bigExp(fixed(x));
        expect(truth >= lower && truth <= upper, where).toBe(true);
      } else {
        expect(bigExp(lower) <= fixed(x) && fixed(x) <= bigExp(upper), where).toBe(true);
      }
    };
    for (const name of ['exp', 'log'] as const) {
      for (const input of NEAR[name]) {
        check(name, blockOf(input), Number.parseInt(input, 16) % 2 ** 20, valuesOf(name, blockOf(input)));
      }
      for (let i = 0; i < 12; i++) {
        // exp's inputs from 2^-25 to 2^7, of both signs; any for log.
        const block = name === 'exp' ? (0x330 + Math.floor(Math.random() * 0x100)) | ((i & 1) << 11) : i * 170 + 3;
        const correct = valuesOf(name, block);
        for (let j = 0; j < 8; j++) check(name, block, Math.floor(Math.random() * 2 ** 20), correct);
      }
    }
  });

  it.each(ROUNDED_TWICE)(
    'log of %s cannot be told from float64: the nearest float64 is a middle',
    (input, correct, ours) => {
      const x = floatOf(Number.parseInt(input, 16));
      const y = log(x);
      const [right, wrong] = [correct, ours].map((bits) => floatOf(Number.parseInt(bits, 16))) as [number, number];
      expect(y).toBe((right + wrong) / 2);
      expect(Math.fround(y)).toBe(wrong);
      expect(log32(x)).toBe(right);
      // No float64 is nearer to log x.
      const half = fixed(ulp(y)) / 2n;
      expect(bigExp(fixed(y) - half)).toBeLessThan(fixed(x));
      expect(bigExp(fixed(y) + half)).toBeGreaterThan(fixed(x));
    },
  );

  describe('a mistake is found', () => {
    const copyOf = (path: string, name: string, [from, to]: [string, string]) => {
      const copy = join(folder, name);
      cpSync(packageFile(path), copy, { recursive: true });
      return (file: string) => {
        const text = readFileSync(join(copy, file), 'utf8');
        expect(text.split(from)).toHaveLength(2);
        writeFileSync(join(copy, file), text.replace(from, to));
        return copy;
      };
    };
    /** In the tenth of seventeen digits: what the last ones change is below what float32 shows in a few blocks. */
    const P1: [string, string] = ['1.66666666666666019037e-1', '1.66666666766666019037e-1'];

    it("in TypeScript's coefficients", async ({ signal }) => {
      const copy = copyOf('proto/numeric', 'numeric', P1)('exp.ts');
      const task = { program, blocks: NEAR.exp.map(blockOf), numeric: pathToFileURL(join(copy, 'index.ts')).href };
      const { wrong } = await compare(task, signal);
      const found = wrong.filter(({ name, where }) => name === 'exp' && where === 'typescript');
      expect(found.length).toBeGreaterThan(0);
      for (const { input, correct, result } of found) {
        const x = floatOf(Number.parseInt(input, 16));
        expect(floatOf(Number.parseInt(correct, 16))).toBe(exp32(x));
        expect(result).not.toBe(correct);
      }
      expect(wrong.filter(({ name, where }) => name === 'exp' && where !== 'typescript')).toEqual([]);
    });

    it("in the native kernel's", async ({ signal }) => {
      const copy = copyOf('worker/kernel/native/source', 'source', P1)('exponential.h');
      const task = { program: build('mistaken', copy), blocks: NEAR.exp.map(blockOf), numeric: NUMERIC };
      const { wrong, implementations } = await compare(task, signal);
      const native = implementations.filter((where) => !['typescript', 'wasm'].includes(where));
      const found = new Set(wrong.filter(({ name }) => name === 'exp').map(({ where }) => where));
      expect([...found].toSorted()).toEqual(native.toSorted());
    });
  });
});

function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] as number;
}

/** Half of the distance from a float32 to its neighbour above (1) or below (-1). */
function halfStep(y: number, direction: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(Math.abs(y)).buffer)[0] as number;
  const neighbour = floatOf(bits + (y > 0 ? direction : -direction));
  return Math.abs(neighbour - Math.abs(y)) / 2;
}
