import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { catalogued } from '../../proto/datasets.js';
import { doubleBits } from '../../proto/canonical.js';
import { MAX_EPOCHS } from '../../proto/trainers/two-layer.js';
import type { EpochMetrics } from '../../proto/domain.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { TrialPool, type PoolTrialEnd, type TrialRequest } from '../../worker/pool/trial-pool.js';
import { BACKENDS, type Backend } from '../support/backends.js';

/* Real threads of dist/ over the embedded data set. */

const DATASET = catalogued('fashion-mnist-mini')!;
const CRASHING_THREAD = fileURLToPath(new URL('../fixtures/crashing-thread.js', import.meta.url));
const EXITS = 1001;
const EATS_ITS_HEAP = 1002;

const WASM = BACKENDS.find(({ name }) => name === 'wasm')!;

const dataDir = mkdtempSync(join(tmpdir(), 'vernier-pool-'));
const pools: TrialPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

async function openPool(backend: Backend, threads: number, threadFile?: string): Promise<TrialPool> {
  const memory = new NodeMemory();
  const pool = await TrialPool.open({
    threads,
    kernel: backend.open(memory.memory),
    recipe: backend.recipe,
    memory,
    loadDataset: (name, sha256) => loadDataset(name, sha256, memory, dataDir),
    ...(threadFile === undefined ? {} : { threadFile }),
  });
  pools.push(pool);
  return pool;
}

/** As long as a trial may be: half a minute, were it not cancelled. */
const ENDLESS = { cycles: MAX_EPOCHS / 2, hidden: 64 };

function request(changes: Partial<TrialRequest> = {}, config: object = {}): TrialRequest {
  return {
    configJson: JSON.stringify({
      kind: 'two-layer',
      dataset: { name: DATASET.name, train: 600, validation: 200 },
      hidden: 16,
      batch_size: 50,
      learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: { epochs: 1 } },
      cycles: 1,
      lambda: 0.001,
      test: true,
      ...config,
    }),
    seed: 42,
    datasetSha256: DATASET.sha256,
    specSha256: 'a'.repeat(64),
    weights: { keep: 'never' },
    ...changes,
  };
}

/** A finished trial's results, with the bits of its metrics. */
function resultOf(end: PoolTrialEnd): object {
  if (end.outcome !== 'completed') throw new Error(`the trial ended otherwise: ${JSON.stringify(end)}`);
  const bitsOf = (metrics: Record<string, number>) =>
    Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
  return {
    weights: end.weightsSha256,
    metrics: bitsOf(end.metrics),
    epochs: end.epochs.map(({ epoch, metrics }) => [epoch, bitsOf(metrics)]),
  };
}

const ignore = (): void => {};

describe('TrialPool', () => {
  it('gives the same bits on every kernel and number of threads', async () => {
    const lambdas = [0, 0.001, 0.01];
    const results: object[][] = [];
    for (const backend of BACKENDS) {
      for (const threads of [1, 2]) {
        const pool = await openPool(backend, threads);
        expect([pool.kernel, pool.threads]).toEqual([backend.name, threads]);
        const trials = lambdas.map((lambda) => pool.run(request({}, { lambda }), ignore));
        results.push((await Promise.all(trials.map(({ ended }) => ended))).map(resultOf));
      }
    }
    const [first, ...others] = results;
    for (const other of others) expect(other).toEqual(first);
    expect(new Set(first!.map((result) => JSON.stringify(result))).size).toBe(lambdas.length);

    const end = await pools[0]!.run(request({ seed: 43 }), ignore).ended;
    expect(resultOf(end)).not.toEqual(first![1]);
  });

  it('trains: epochs arrive one by one, accuracies rise, the weights come with the result when asked', async () => {
    const pool = await openPool(WASM, 1);
    const epochs: EpochMetrics[] = [];
    const total = new Set<number>();
    const longer = request({ weights: { keep: 'always' } }, { cycles: 3 });
    const end = await pool.run(longer, (epoch, epochsTotal) => {
      epochs.push(epoch);
      total.add(epochsTotal);
    }).ended;
    if (end.outcome !== 'completed') throw new Error(end.outcome);
    expect(epochs).toEqual(end.epochs);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...total]).toEqual([6]);
    // Ten classes: chance is 0.1.
    expect(end.metrics['val_accuracy']).toBeGreaterThan(0.65);
    expect(end.metrics['test_accuracy']).toBeGreaterThan(0.65);
    expect(end.weights!.length).toBeGreaterThan(4 * (784 * 16 + 16 + 16 * 10 + 10));
  });

  it('cancels a trial that runs and one that waits, and goes on', async () => {
    const pool = await openPool(WASM, 1);
    const expected = resultOf(await pool.run(request(), ignore).ended);

    let started: () => void = ignore;
    const firstEpoch = new Promise<void>((resolve) => (started = resolve));
    const endless = pool.run(request({}, ENDLESS), () => started());
    const waiting = pool.run(request(), ignore);
    await firstEpoch;
    waiting.cancel();
    endless.cancel();
    expect(await endless.ended).toEqual({ outcome: 'cancelled' });
    expect(await waiting.ended).toEqual({ outcome: 'cancelled' });

    expect(resultOf(await pool.run(request(), ignore).ended)).toEqual(expected);
  });

  it('loses a crashed thread and its trial, nothing else', async () => {
    const pool = await openPool(WASM, 2, CRASHING_THREAD);
    const expected = resultOf(await pool.run(request(), ignore).ended);
    for (const [seed, reason] of [
      [EXITS, /a trial thread died/],
      [EATS_ITS_HEAP, /ran out of its \d+ MB of heap/],
    ] as const) {
      const crashing = pool.run(request({ seed }), ignore);
      const neighbour = pool.run(request(), ignore);
      const end = await crashing.ended;
      expect(end).toMatchObject({ outcome: 'crashed', error: { code: 'THREAD_CRASHED' } });
      expect(end.outcome === 'crashed' && end.error.message).toMatch(reason);
      expect(resultOf(await neighbour.ended)).toEqual(expected);
      // Both threads are there again.
      const again = [pool.run(request(), ignore), pool.run(request(), ignore)];
      for (const trial of again) expect(resultOf(await trial.ended)).toEqual(expected);
    }
  });

  it('tells a trial that cannot be trained from one that was unlucky', async () => {
    const pool = await openPool(WASM, 1);
    const tooMany = { dataset: { name: DATASET.name, train: 6000, validation: 2000 } };
    expect(await pool.run(request({}, tooMany), ignore).ended).toMatchObject({
      outcome: 'failed',
      error: { code: 'TRIAL_INVALID' },
    });
    expect(await pool.run(request({ datasetSha256: 'b'.repeat(64) }), ignore).ended).toMatchObject({
      outcome: 'failed',
      error: { code: 'DATASET_MISMATCH' },
    });
    const explosive = { learning_rate: { schedule: 'constant', value: 1e30 }, cycles: undefined, epochs: 5 };
    expect(await pool.run(request({}, explosive), ignore).ended).toMatchObject({
      outcome: 'diverged',
      epochs: [{ epoch: 1 }],
    });
  });

  it('ends what runs when it is closed', async () => {
    const pool = await openPool(BACKENDS[0]!, 1);
    let started: () => void = ignore;
    const firstEpoch = new Promise<void>((resolve) => (started = resolve));
    const endless = pool.run(request({}, ENDLESS), () => started());
    await firstEpoch;
    await pool.close();
    expect(await endless.ended).toEqual({ outcome: 'cancelled' });
  });
});
