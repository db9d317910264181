import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { Sandbox } from '../support/sandbox.js';

/* A search that uses every further means of training: the same result however it is run, killed and gone on with, trained again. */

const FILE = `
name: means
seed: 11
metric: { name: val_loss }
trial:
  kind: two-layer
  dataset: { name: fashion-mnist-mini, train: 2000, validation: 500 }
  hidden: 40
  batch_size: 50
  learning_rate: { schedule: triangular, min: 1.0e-5, max: 1.0e-1, step_size: { epochs: 1.5 } }
  init: he
  average: cycles
  early_stopping: { patience: 2, min_delta: 0.02 }
  evaluate: { train: final }
parameters:
  momentum: { min: 0.0, max: 0.8 }
  dropout: { values: [0, 0.2, 0.4] }
  horizontal_flips: { values: [true, false] }
rounds:
  - { name: coarse, method: random, trials: 7, trial: { cycles: 4 } }
  - { name: fine, method: random, trials: 3, narrow: { between: { best: 2 }, parameters: [momentum] }, carry: { best: 2 }, trial: { cycles: 6, test: true } }
`;

const sandbox = new Sandbox();
const file = sandbox.file('means.yaml', FILE);
let reference: SearchJson;

beforeAll(async () => {
  reference = await sandbox.json(['run', file, '--threads', '1', '--side-by-side', '1', '--store', 'reference.db']);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

describe('a search with further means of training', () => {
  it('has trials of every kind', () => {
    const parameters = reference.rounds.flatMap(({ trials }) => trials.map((trial) => trial.parameters));
    expect(new Set(parameters.map((each) => each['horizontal_flips']))).toEqual(new Set([true, false]));
    expect(new Set(parameters.map((each) => each['dropout'])).size).toBeGreaterThanOrEqual(2);
    expect(reference.best!.metrics['test_accuracy']).toBeGreaterThan(0.7);
  });

  it.each([
    ['threads and neighbours', ['--threads', '3']],
    ['worker processes, pairs side by side', ['--workers', '2', '--threads', '1', '--side-by-side', '2']],
    ['another kernel', ['--threads', '2', '--kernel', 'wasm']],
  ])('has the same bits with other %s', async (_, options) => {
    const other = await sandbox.json(['run', file, ...options, '--store', `${options.join('')}.db`]);
    expect(other.resultDigest).toBe(reference.resultDigest);
  });

  it('goes on after kill -9 to the same result', async () => {
    const run = ['run', file, '--threads', '1', '--side-by-side', '2', '--store', 'killed.db', '--json'];
    const first = sandbox.start(run);
    await first.says(/coarse: [1-4]\/7 trials/);
    first.kill('SIGKILL');
    await first.ended;
    await sandbox.empty();
    const second = sandbox.start(run);
    await second.says(/resuming: [1-9]\d* of 12 trials done/);
    const { code, stdout, stderr } = await second.ended;
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as SearchJson).resultDigest).toBe(reference.resultDigest);
  });

  it('trains any of its trials again to the same weights', async () => {
    const store = ['--store', 'reference.db'];
    const kept = sandbox.path('kept');
    const again = sandbox.path('again');
    await sandbox.json(['weights', ...store, '--output', kept]);
    // It is checked against the search's digest on the way.
    const written = await sandbox.json<{ source: string }>(['weights', ...store, '--output', again, '--retrain']);
    expect(written.source).toBe('trained again');
    expect(readFileSync(again).equals(readFileSync(kept))).toBe(true);
    for (const { number, weightsSha256 } of reference.rounds[0]!.trials.slice(0, 3)) {
      const other = ['weights', ...store, '--trial', String(number), '--output', sandbox.path(`trial-${number}`)];
      expect(await sandbox.json(other)).toMatchObject({ source: 'trained again', weightsSha256 });
    }
  });
});
