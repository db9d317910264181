import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { packageFile } from '../../proto/package-root.js';
import { PYTHON } from '../support/python.js';
import { recompute, unpackCifar10, unpackEmbedded, type RawData } from '../support/recompute.js';
import { bestOf } from '../support/search-results.js';

/*
 * Whether the networks are as good as such networks are, measured by NumPy's on the same data and by the paper's; and whether
 * they are as good as they are said to be: NumPy counts what the written weights have right.
 */

const CIFAR10 = process.env['VERNIER_TEST_CIFAR10'];
const MAIN = packageFile('dist/main.js');
const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;

const scratch = mkdtempSync(join(tmpdir(), 'vernier-accuracy-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function ownFolder(name: string): string {
  mkdirSync(join(scratch, name));
  return join(scratch, name);
}

async function vernier(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    env: { ...process.env, XDG_DATA_HOME: scratch, ...env },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

async function search(file: string, env: NodeJS.ProcessEnv = {}): Promise<SearchJson> {
  return JSON.parse(await vernier(['run', packageFile(file), '--json'], env)) as SearchJson;
}

/** The best trial's accuracies are what its written weights have right of the raw data, counted by NumPy. */
async function expectCounted(result: SearchJson, data: RawData, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const output = join(scratch, `${result.search.name}.safetensors`);
  await vernier(['weights', result.search.id, '--output', output], env);
  const { right, plain, records } = recompute(output, data);
  const { metrics } = result.best!;
  for (const part of ['train', 'val', 'test'] as const) {
    expect(metrics[`${part}_accuracy`], part).toBe(right[part] / records[part]);
    // Sums in another order change a class where two scores are all but equal: a record in thousands, if any.
    expect(Math.abs(plain[part] - right[part]), `${part}, in NumPy's order`).toBeLessThanOrEqual(2);
  }
}

describe('the quickstart', () => {
  /** The files without their idx headers, as test/numpy/two_layer.py reads them. */
  function withoutHeaders(data: RawData): string {
    const headers = [16, 8];
    for (const part of ['train', 'test'] as const) {
      for (const [index, kind] of ['images', 'labels'].entries()) {
        const bytes = readFileSync(data[part][index] as string).subarray(headers[index]);
        writeFileSync(join(scratch, `${part}-${kind}.bin`), bytes);
      }
    }
    return scratch;
  }

  it.skipIf(!hasNumpy)(
    'reaches what the same network reaches in NumPy, and exactly what NumPy counts (skipped without NumPy)',
    { timeout: 300_000 },
    async () => {
      const result = await search('configs/quickstart.yaml');
      const data = unpackEmbedded(ownFolder('quickstart'));
      const lambda = result.best?.parameters['lambda'];
      const network = { inputs: 784, train: 6000, validation: 1000, hidden: 50, batch: 100, lambda };
      // The final round: three cycles of a step size of two epochs.
      const rate = { step_size: 120, cycles: 3, eta_min: 1e-5, eta_max: 1e-1 };
      const answer = execFileSync(PYTHON, [packageFile('test/numpy/two_layer.py'), withoutHeaders(data)], {
        input: JSON.stringify({ ...network, ...rate, seeds: [1, 2, 3, 4, 5] }),
        encoding: 'utf8',
      });
      const numpy = JSON.parse(answer) as Record<'validation' | 'test', number[]>;
      for (const [metric, values] of [
        ['val_accuracy', numpy.validation],
        ['test_accuracy', numpy.test],
      ] as const) {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        // 1,000 records each: one standard error of an accuracy of 0.85 is 0.011.
        expect(Math.abs((result.best?.metrics[metric] ?? NaN) - mean), `${metric}, NumPy ${mean}`).toBeLessThan(0.025);
      }
      await expectCounted(result, data);
    },
  );
});

describe.skipIf(CIFAR10 === undefined)('the paper on CIFAR-10 (skipped without VERNIER_TEST_CIFAR10)', () => {
  const env = { VERNIER_DATA_DIR: join(scratch, 'data') };
  beforeAll(() => vernier(['data', 'add', 'cifar10', CIFAR10 ?? ''], env), 300_000);

  // With seed 42, the same on every machine, engine and kernel; the files themselves name the digests.
  it.each([
    ['cyclical-1', 0.4578],
    ['cyclical-2', 0.4674],
  ])('%s has the paper’s test accuracy within a point', { timeout: 300_000 }, async (name, paper) => {
    const file = `configs/paper/${name}.yaml`;
    const result = await search(file, env);
    expect(Math.abs((result.best?.metrics['test_accuracy'] ?? NaN) - paper)).toBeLessThan(0.01);
    expect(readFileSync(packageFile(file), 'utf8')).toContain(`#   ${result.resultDigest}\n`);
  });

  it('the lambda search reaches its accuracies, which NumPy counts too', { timeout: 900_000 }, async () => {
    const result = await search('configs/paper/lambda-search.yaml', env);
    expect(bestOf(result, 'fine', 'val_accuracy')).toBeGreaterThanOrEqual(0.51);
    expect(bestOf(result, 'best-lambda', 'test_accuracy')).toBeGreaterThanOrEqual(0.505);
    // The same on every machine, engine and kernel; docs/benchmarks.md names it.
    expect(result.resultDigest).toBe('6f43b95d33e66c449cd527a2c707661bace9d5c3e9313cec9d39d44e9a876131');
    if (hasNumpy) await expectCounted(result, unpackCifar10(CIFAR10 ?? '', ownFolder('cifar10')), env);
  });
});
