import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { doubleBits } from '../../proto/canonical.js';
import { packageFile } from '../../proto/package-root.js';
import { PYTHON, runPython } from '../support/python.js';
import { Sandbox } from '../support/sandbox.js';

/* Gradient checks by the built command, from the search file to the digest and to files that PyTorch reads. */

const sandbox = new Sandbox();
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

const file = sandbox.file(
  'check.yaml',
  `
name: check
seed: 42
metric: { name: central_max_relative_error }
trial:
  kind: gradient-check
  dataset: { name: fashion-mnist-mini, train: 1000 }
  hidden: 4
  samples: { count: 5 }
parameters:
  samples.choice: { values: [first, random] }
method: grid
seeds: [42, 400]
`,
);
/** Of what this file gave when it was first computed, by every kernel. */
const DIGEST = 'b36c1f432f85712b6cfb38b09b59cc3f9131e1a7fa1f16abdc8d5193cd34f5d8';

let search: SearchJson;
beforeAll(async () => {
  search = await sandbox.json(['run', file]);
});

interface Recomputed {
  metadata: Record<string, string>;
  digest: string;
  shapes: Record<string, number[]>;
  samples: number[];
  loss_error: number;
  cost_error: number;
  gradient_errors: Record<string, number>;
  largest_gradient: number;
  metrics: Record<string, number>;
}

function recomputed(path: string): Recomputed {
  return runPython(packageFile('test/numpy/torch_gradients.py'), { file: path }) as Recomputed;
}

function digits(metrics: Record<string, number | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value ?? NaN)]));
}

describe('a search of gradient checks', () => {
  const trials = () => search.rounds[0]!.trials;

  it('runs to its digest', () => {
    expect(search.resultDigest).toBe(DIGEST);
    expect(trials().map(({ seed, parameters }) => [seed, parameters['samples.choice']])).toEqual([
      [42, 'first'],
      [400, 'first'],
      [42, 'random'],
      [400, 'random'],
    ]);
    for (const { metrics, state } of trials()) {
      expect(state).toBe('completed');
      expect(metrics['central_max_relative_error']).toBeLessThan(1e-4);
    }
  });

  it('shows what each trial found, tensor by tensor, in 80 columns', async () => {
    const { stdout } = await sandbox.run(['show']);
    expect(stdout.match(/^Trial \d: seed (42|400), samples\.choice=(first|random), cost \d\.\d+$/gm)).toHaveLength(4);
    expect(stdout).toMatch(/^ {2}tensor +forward means +central means/m);
    expect(stdout.match(/^ {2}W1 +\d\.\d{3}e-\d+ /gm)).toHaveLength(4);
    expect(stdout.match(/^ {2}analytic and central gradients agree to \d\.\de-\d+ \([Wb]\d\)$/gm)).toHaveLength(4);
    for (const line of stdout.split('\n').filter((text) => !text.includes('vernier weights'))) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('has the same bits again, with the reference kernel, in one thread and in two workers', async () => {
    for (const options of [
      ['--kernel', 'reference', '--threads', '2'],
      ['--threads', '1'],
      ['--workers', '2'],
    ]) {
      const store = ['--store', sandbox.path(`${options.join('')}.db`)];
      const again = await sandbox.json(['run', file, ...store, ...options]);
      expect(again.resultDigest).toBe(search.resultDigest);
    }
  });

  it('is verified', async () => {
    const { code, stdout, stderr } = await sandbox.run(['verify', '--all']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('4');
  });

  it('writes a file again that nobody kept, the same as the kept one', async () => {
    const kept = sandbox.path('kept');
    const again = sandbox.path('again');
    const best = search.best!.number;
    await sandbox.run(['weights', '--trial', String(best), '--output', kept]);
    const { code, stdout, stderr } = await sandbox.run([
      'weights',
      '--trial',
      String(best),
      '--output',
      again,
      '--retrain',
      '--kernel',
      'reference',
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe(`computing trial ${best} again\n`);
    expect(stdout).toContain('computed again; their digest is the same');
    expect(readFileSync(again).equals(readFileSync(kept))).toBe(true);
  });
});

const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;

describe.skipIf(!hasTorch)(
  `PyTorch (${hasTorch ? PYTHON : `skipped: ${PYTHON} has no torch, see VERNIER_TEST_PYTHON`})`,
  () => {
    it.each([
      ['one hidden layer', 'hidden: 4', { W1: [784, 4], b1: [4], W2: [4, 10], b2: [10] }],
      ['a penalty', 'hidden: 4, lambda: 0.05, samples: { choice: random }', { W1: [784, 4] }],
      [
        'two hidden layers',
        'hidden: [9, 7], lambda: 0.001, init: he, entries: 50, samples: { count: 30 }',
        { W2: [9, 7], W3: [7, 10] },
      ],
      [
        'dropout',
        'hidden: [16, 12], dropout: 0.25, lambda: 0.01, entries: 50, samples: { count: 20 }',
        { dropout1: [20, 16], dropout2: [20, 12] },
      ],
    ])('computes the same cost and gradients from the file alone: %s', async (name, settings, shapes) => {
      const own = ['--store', sandbox.path(`${name}.db`)];
      const yaml = `
name: torch
seed: 7
metric: { name: central_max_relative_error }
trial: { kind: gradient-check, dataset: { name: fashion-mnist-mini, train: 800 }, samples: { count: 6 } }
rounds: [{ name: one, method: random, trials: 1, trial: { ${settings} } }]
`;
      const { rounds, search: about } = await sandbox.json(['run', sandbox.file(`${name}.yaml`, yaml), ...own]);
      const trial = rounds[0]!.trials[0]!;
      const output = sandbox.path(`${name}.safetensors`);
      const { code, stderr } = await sandbox.run(['weights', ...own, '--output', output]);
      expect(code, stderr).toBe(0);

      const found = recomputed(output);
      expect(found.shapes).toMatchObject(shapes);
      expect(found.metadata).toMatchObject({ training_seed: String(trial.seed), spec_sha256: about.specSha256 });
      // Something is compared, and PyTorch adds in another order.
      expect(found.largest_gradient).toBeGreaterThan(1e-3);
      expect(found.loss_error).toBeLessThan(1e-13);
      expect(found.cost_error).toBeLessThan(1e-13);
      for (const error of Object.values(found.gradient_errors)) expect(error).toBeLessThan(1e-9);
      // The metrics are those of the file's numbers, to the last bit.
      expect(digits(found.metrics)).toEqual(digits(trial.metrics));
      expect(found.digest).toBe(trial.weightsSha256);
    });
  },
);
