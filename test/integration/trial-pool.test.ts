import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { catalogued } from '../../proto/datasets.js';
import { doubleBits } from '../../proto/canonical.js';
import { MAX_EPOCHS } from '../../proto/training/plan.js';
import type { EpochMetrics } from '../../proto/domain.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import type { PoolTrialEnd, RunningTrial, TrialRequest, TrialStart } from '../../worker/pool/pool-trial.js';
import { TrialPool } from '../../worker/pool/trial-pool.js';
import { BACKENDS, type Backend } from '../support/backends.js';

/* Real threads of dist/ over the embedded data set. */

const DATASET = catalogued('fashion-mnist-mini')!;
const CRASHING_THREAD = fileURLToPath(new URL('../fixtures/crashing-thread.js', import.meta.url));
/** Values of lambda that kill a crashing thread. */
const EXITS = 1001;
const EATS_ITS_HEAP = 1002;

const WASM = BACKENDS.find(({ name }) => name === 'wasm')!;

const dataDir = mkdtempSync(join(tmpdir(), 'vernier-pool-'));
const pools: TrialPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

async function openPool(
  backend: Backend,
  threads: number,
  threadFile?: string,
  memory = new NodeMemory(),
): Promise<TrialPool> {
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
    for (const [lambda, reason] of [
      [EXITS, /a trial thread died/],
      [EATS_ITS_HEAP, /ran out of its \d+ MB of heap/],
    ] as const) {
      const crashing = pool.run(request({}, { lambda }), ignore);
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

describe('trials side by side', () => {
  /** Of different sizes, lengths and penalties; the last but one ends in the middle of an epoch. */
  const DIFFERENT = [
    {},
    { lambda: 0.01, hidden: 40, evaluate: { train: 'epoch' } },
    { hidden: [24, 12], cycles: 2, test: false },
    { cycles: undefined, epochs: 3, learning_rate: { schedule: 'constant', value: 0.02 } },
    { learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: 8 }, cycles: 1 },
    { lambda: 0, evaluate: { val: 'final' } },
  ];

  const start = (config: object, changes: Partial<TrialRequest> = {}, onEpoch: TrialStart['onEpoch'] = ignore) => ({
    request: request(changes, config),
    onEpoch,
  });

  async function eachAlone(pool: TrialPool, configs: readonly object[]): Promise<object[]> {
    const ends: object[] = [];
    for (const config of configs) ends.push(resultOf(await pool.run(request({}, config), ignore).ended));
    return ends;
  }

  /** Whether any of them has ended. */
  const isOver = (...trials: (RunningTrial | undefined)[]): Promise<boolean> => {
    const over = trials.map(async (trial) => (await trial?.ended) !== undefined);
    return Promise.race([...over, new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
  };

  const together = async (pool: TrialPool, starts: readonly TrialStart[]): Promise<PoolTrialEnd[]> =>
    Promise.all(pool.runTogether(starts).map(({ ended }) => ended));

  it.each(BACKENDS)('give the bits that each gives alone: $label', async (backend) => {
    const pool = await openPool(backend, 1);
    const alone = await eachAlone(pool, DIFFERENT);
    const epochs: number[] = DIFFERENT.map(() => 0);
    const totals: number[] = [];
    const ends = await together(
      pool,
      DIFFERENT.map((config, index) =>
        start(config, {}, ({ epoch }, epochsTotal) => {
          expect(epoch).toBe(++epochs[index]!);
          totals[index] = epochsTotal;
        }),
      ),
    );
    expect(ends.map(resultOf)).toEqual(alone);
    expect(epochs).toEqual([2, 2, 4, 3, 2, 2]);
    expect(totals).toEqual(epochs);
  });

  it('end one by one: a diverged one and a short one while the others go on, a cancelled one when it is told', async () => {
    const pool = await openPool(WASM, 1);
    const explosive = { learning_rate: { schedule: 'constant', value: 1e30 }, cycles: undefined, epochs: 5 };
    const [short, diverging, endless, other] = pool.runTogether([
      start({}),
      start(explosive),
      start(ENDLESS),
      start({ cycles: 300, hidden: 40 }),
    ]);
    expect(await diverging!.ended).toMatchObject({ outcome: 'diverged', epochs: [{ epoch: 1 }] });
    const shortEnd = await short!.ended;
    const next = pool.run(request(), ignore); // of the thread that is still busy
    expect(await isOver(endless, other, next)).toBe(false);
    endless!.cancel();
    expect(await endless!.ended).toEqual({ outcome: 'cancelled' });
    expect(await isOver(other)).toBe(false);
    const otherEnd = await other!.ended;
    expect(resultOf(await next.ended)).toEqual(resultOf(shortEnd));
    expect([shortEnd, otherEnd].map(resultOf)).toEqual(await eachAlone(pool, [{}, { cycles: 300, hidden: 40 }]));
  });

  it('bring the weights that each brings alone, where they are wanted', async () => {
    const pool = await openPool(WASM, 1);
    const wanted = { weights: { keep: 'always' } } as const;
    const alone = await pool.run(request(wanted, { lambda: 0.01 }), ignore).ended;
    const ends = await together(pool, [start({}, wanted), start({ lambda: 0.01 }, wanted), start({ lambda: 0.1 })]);
    expect(ends[1]).toEqual(alone);
    expect(ends.map((end) => 'weights' in end)).toEqual([true, true, false]);
  });

  it('that kill their thread are found, and the others lose nothing', async () => {
    const pool = await openPool(WASM, 1, CRASHING_THREAD);
    const configs = [{}, { lambda: EXITS }, { hidden: 20 }, { lambda: EATS_ITS_HEAP }, { lambda: 0 }];
    const ends = await together(
      pool,
      configs.map((config) => start(config)),
    );
    expect(ends.map(({ outcome }) => outcome)).toEqual(['completed', 'crashed', 'completed', 'crashed', 'completed']);
    expect(ends[1]).toMatchObject({ error: { code: 'THREAD_CRASHED' } });
    const others = [0, 2, 4];
    expect(others.map((index) => resultOf(ends[index]!))).toEqual(
      await eachAlone(
        pool,
        others.map((index) => configs[index]!),
      ),
    );
  });

  it('that do not fit the memory together are run in smaller groups', async () => {
    const wide = { hidden: 700 };
    const shape = { layers: [DATASET.inputs, 700, DATASET.classes], batchSize: 50, precision: 'float32' } as const;
    const bytes = WASM.open(new NodeMemory().memory).workspaceBytes([shape]);
    // Room for the records and two networks.
    const pages = Math.ceil((DATASET.inputs * (DATASET.train + DATASET.test) + 2.5 * bytes) / 65_536) + 2;
    const memory = new NodeMemory(new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }));
    const pool = await openPool(WASM, 1, undefined, memory);
    const configs = [0, 0.001, 0.01, 0.1].map((lambda) => ({ ...wide, lambda }));
    const ends = await together(
      pool,
      configs.map((config) => start(config)),
    );
    expect(ends.map(resultOf)).toEqual(await eachAlone(await openPool(WASM, 1), configs));
    const huge = await together(pool, [start(wide), start({ hidden: 65_536 })]);
    expect(huge.map(({ outcome }) => outcome)).toEqual(['completed', 'crashed']);
    expect(huge[1]).toMatchObject({ error: { code: 'MEMORY_EXHAUSTED' } });
  });

  it('are run one after the other where their mini-batches differ; wrong ones fail for themselves', async () => {
    const pool = await openPool(WASM, 1);
    const ends = await together(pool, [
      start({}),
      start({ batch_size: 25 }),
      start({ cycles: undefined }),
      start({}, { configJson: 'no JSON' }),
      start({}, { seed: 43 }),
      start({ lambda: 0 }),
    ]);
    const outcomes = ends.map(({ outcome }) => outcome).join(' ');
    expect(outcomes).toBe('completed completed failed failed completed completed');
    expect(ends[2]).toMatchObject({ error: { code: 'TRIAL_INVALID' } });
    expect([ends[0]!, ends[1]!, ends[5]!].map(resultOf)).toEqual(
      await eachAlone(pool, [{}, { batch_size: 25 }, { lambda: 0 }]),
    );
    expect(resultOf(ends[4]!)).toEqual(resultOf(await pool.run(request({ seed: 43 }), ignore).ended));
  });

  it('fail together where their data are missing', async () => {
    const pool = await openPool(WASM, 1);
    const missing = { datasetSha256: 'b'.repeat(64) };
    for (const end of await together(pool, [start({}, missing), start({ lambda: 0 }, missing)])) {
      expect(end).toMatchObject({ outcome: 'failed', error: { code: 'DATASET_MISMATCH' } });
    }
    expect((await pool.run(request(), ignore).ended).outcome).toBe('completed');
  });
});
