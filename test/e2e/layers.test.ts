import { readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/sandbox.js';
import { resultsOf } from '../support/search-results.js';

/* Networks of several hidden layers, from the file to the weights. */

const sandbox = new Sandbox();
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

/** @param hidden of the trials; the second layer's size is a parameter as well */
function layersFile(hidden: string): string {
  return `
name: layers
seed: 3
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: fashion-mnist-mini, train: 1500, validation: 300 }
  hidden: ${hidden}
  batch_size: 50
  learning_rate: { schedule: triangular, min: 1.0e-4, max: 0.1, step_size: { epochs: 1 } }
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-2 }
  hidden.1: { values: [32, 96, 128] }
rounds:
  - { name: coarse, method: random, trials: 5, trial: { cycles: 1 } }
  - { name: final, carry: { best: 1 }, trial: { cycles: 2, test: true } }
`;
}

describe('a search over networks of two hidden layers', () => {
  it('gives the same bits alone and side by side, and weights of all its layers', async () => {
    const file = sandbox.file('layers.yaml', layersFile('[256, 128]'));
    const { code, stdout, stderr } = await sandbox.run(['validate', file]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('layers');

    const run = ['run', file, '--threads', '1'];
    const alone = await sandbox.json([...run, '--side-by-side', '1', '--store', 'alone.db']);
    const together = await sandbox.json([...run, '--side-by-side', '8', '--store', 'together.db']);
    expect(together.resultDigest).toBe(alone.resultDigest);
    expect(resultsOf(together)).toEqual(resultsOf(alone));
    const sizes = alone.rounds[0]!.trials.map(({ parameters }) => parameters['hidden.1']);
    expect(new Set(sizes).size).toBeGreaterThan(1);
    // Ten classes: what has learned nothing has 0.1.
    expect(alone.best?.metrics['test_accuracy']).toBeGreaterThan(0.6);

    const output = sandbox.path('best.safetensors');
    const ours = ['weights', together.search.id, '--store', 'together.db', '--output', output];
    expect((await sandbox.run(ours)).code).toBe(0);
    const second = alone.best?.parameters['hidden.1'];
    expect(shapes(output)).toMatchObject({
      W1: [784, 256],
      b1: [256],
      W2: [256, second],
      b2: [second],
      W3: [second, 10],
      b3: [10],
    });
  });

  it.each([
    ['[]', /hidden/],
    ['[256, 0]', /hidden/],
    ['[1, 2, 3, 4, 5, 6, 7, 8, 9]', /hidden/],
  ])('is refused with its place where the sizes are %s', async (hidden, told) => {
    const { code, stdout, stderr } = await sandbox.run(['validate', sandbox.file('wrong.yaml', layersFile(hidden))]);
    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toMatch(told);
    expect(`${stdout}${stderr}`).toMatch(/wrong\.yaml:8:/);
  });
});

function shapes(file: string): Record<string, number[]> {
  const bytes = readFileSync(file);
  const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8');
  const tensors = Object.entries(JSON.parse(header) as Record<string, { shape?: number[] }>);
  return Object.fromEntries(tensors.flatMap(([name, { shape }]) => (shape === undefined ? [] : [[name, shape]])));
}
