import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { doubleBits } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import type { PoolTrialEnd, RunningTrial, TrialRequest } from '../../worker/pool/pool-trial.js';
import { TrialPool } from '../../worker/pool/trial-pool.js';
import { gradientCheckTrainer } from '../../worker/trainers/gradient-check.js';
import { BACKENDS, type Backend } from '../support/backends.js';
import { checkConfig } from '../support/gradient-check.js';

/* Trials whose parts run in all threads: real threads of dist/ over the embedded data set. */

const DATASET = catalogued('fashion-mnist-mini')!;
const CRASHING_THREAD = fileURLToPath(new URL('../fixtures/crashing-thread.js', import.meta.url));
/** Values of lambda with which the third part kills a crashing thread. */
const EXITS = 1001;
const EATS_ITS_HEAP = 1002;
const WASM = BACKENDS.find(({ name }) => name === 'wasm')!;

const dataDir = mkdtempSync(join(tmpdir(), 'vernier-divided-'));
const pools: TrialPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

interface PoolSettings {
  backend?: Backend;
  threads?: number;
  threadFile?: string;
  memory?: NodeMemory;
}

async function openPool(settings: PoolSettings = {}): Promise<TrialPool> {
  const { backend = WASM, threads = 2, threadFile, memory = new NodeMemory() } = settings;
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

function request(config: object, changes: Partial<TrialRequest> = {}): TrialRequest {
  const datasetSha256 = DATASET.sha256;
  const specSha256 = 'a'.repeat(64);
  return {
    configJson: JSON.stringify(config),
    seed: 42,
    datasetSha256,
    specSha256,
    weights: { keep: 'never' },
    ...changes,
  };
}

/** Of a moment and four parts; of sixteen parts; of sixteen parts of half a second and more, were it not cancelled. */
const SMALL = checkConfig({ entries: 1 });
const LARGE = checkConfig({ hidden: 20, samples: { count: 20 }, entries: 300 });
const LARGE_PARTS = gradientCheckTrainer.needs(LARGE, DATASET).parts;
const ENDLESS = checkConfig({ hidden: 60, samples: { count: 20 } });
const TRAINING = {
  kind: 'two-layer',
  dataset: { name: DATASET.name, train: 200, validation: 0 },
  hidden: 4,
  learning_rate: { schedule: 'constant', value: 0.01 },
  epochs: 1,
};

function resultOf(end: PoolTrialEnd): object {
  if (end.outcome !== 'completed') throw new Error(`the trial ended otherwise: ${JSON.stringify(end)}`);
  const digits = Object.fromEntries(Object.entries(end.metrics).map(([name, value]) => [name, doubleBits(value)]));
  return { weights: end.weightsSha256, digits, epochs: end.epochs };
}

const ignore = (): void => {};

/** A trial, and a promise of its first part's end. */
function started(pool: TrialPool, config: object): { trial: RunningTrial; firstPart: Promise<void> } {
  let told: () => void = ignore;
  const firstPart = new Promise<void>((resolve) => (told = resolve));
  return { trial: pool.run(request(config), ignore, () => told()), firstPart };
}

describe('a divided trial', () => {
  it('has parts for every thread', () => {
    expect(LARGE_PARTS).toBe(16);
    expect(gradientCheckTrainer.needs(SMALL, DATASET).parts).toBe(4);
  });

  it('has the same bits in one thread, in two and in three, whatever the kernel', async () => {
    const results: object[] = [];
    for (const backend of BACKENDS.filter(({ name }) => name !== 'reference')) {
      for (const threads of [1, 2, 3]) {
        const pool = await openPool({ backend, threads });
        const end = pool.run(request(LARGE), ignore).ended;
        const small = pool.run(request(SMALL), ignore).ended;
        results.push([resultOf(await end), resultOf(await small)]);
        await pool.close();
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('tells its parts one by one, and no epoch', async () => {
    const pool = await openPool({ threads: 3 });
    const parts: [number, number][] = [];
    const epochs: unknown[] = [];
    const end = await pool.run(
      request(LARGE),
      (epoch) => epochs.push(epoch),
      (done, all) => parts.push([done, all]),
    ).ended;
    expect(end).toMatchObject({ outcome: 'completed', epochs: [] });
    expect(epochs).toEqual([]);
    expect(parts).toEqual(Array.from({ length: LARGE_PARTS }, (_, index) => [index + 1, LARGE_PARTS]));
  });

  it('brings its file when that is asked for, and only then', async () => {
    const pool = await openPool();
    const kept = await pool.run(request(SMALL, { weights: { keep: 'always' } }), ignore).ended;
    const better = { keep: 'if-better', metric: 'cost', goal: 'minimize', score: 0 } as const;
    const none = await pool.run(request(SMALL, { weights: better }), ignore).ended;
    if (kept.outcome !== 'completed' || none.outcome !== 'completed') throw new Error('both complete');
    expect(kept.weights!.length).toBeGreaterThan(8 * (6 * 784 + 2 * 3190));
    expect(none.weights).toBeUndefined();
    expect(none.weightsSha256).toBe(kept.weightsSha256);
  });

  it('is cancelled at once, all its parts, also while it waits; and the pool goes on', async () => {
    const pool = await openPool();
    const { trial, firstPart } = started(pool, ENDLESS);
    const waiting = started(pool, ENDLESS).trial;
    await firstPart;
    waiting.cancel();
    trial.cancel();
    expect(await trial.ended).toEqual({ outcome: 'cancelled' });
    expect(await waiting.ended).toEqual({ outcome: 'cancelled' });
    resultOf(await pool.run(request(SMALL), ignore).ended);
  });

  it('ends with its pool', async () => {
    const pool = await openPool();
    const { trial, firstPart } = started(pool, ENDLESS);
    await firstPart;
    await pool.close();
    expect(await trial.ended).toEqual({ outcome: 'cancelled' });
  });

  it('lets other trials have a thread after a part, not after its last', async () => {
    const pool = await openPool({ threads: 1 });
    const { trial, firstPart } = started(pool, ENDLESS);
    await firstPart;
    resultOf(await pool.run(request(TRAINING), ignore).ended);
    resultOf(await pool.run(request({ ...TRAINING, hidden: 5 }), ignore).ended);
    trial.cancel();
    expect(await trial.ended).toEqual({ outcome: 'cancelled' });
  });

  it('waits until every part of the one before is begun', async () => {
    const pool = await openPool({ threads: 2 });
    const news: string[] = [];
    const trials = ['first', 'second'].map((name, index) =>
      pool.run(request(LARGE, { seed: index }), ignore, (done) => news.push(`${name} ${done}`)),
    );
    for (const trial of trials) resultOf(await trial.ended);
    // Of the first all but those that the two threads had begun.
    const begun = news.indexOf('second 1');
    expect(news.slice(0, begun).filter((line) => line.startsWith('first')).length).toBeGreaterThanOrEqual(
      LARGE_PARTS - 2,
    );
  });

  it('shares a grant with trials of one thread', async () => {
    const pool = await openPool();
    const starts = [TRAINING, SMALL, { ...TRAINING, hidden: 5 }, { kind: 'gradient-check' }].map((config) => ({
      request: request(config),
      onEpoch: ignore,
    }));
    const ends = await Promise.all(pool.runTogether(starts).map(({ ended }) => ended));
    expect(ends.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'completed', 'failed']);
  });
});

describe('a divided trial that goes wrong', () => {
  it.each([
    ['that exits', EXITS, /a trial thread died/],
    ['that runs out of heap', EATS_ITS_HEAP, /ran out of its \d+ MB of heap/],
  ])(
    'with a thread %s is one crash, its other parts stop, and the next trial finds all threads',
    async (_, lambda, message) => {
      const pool = await openPool({ threads: 2, threadFile: CRASHING_THREAD });
      const parts: number[] = [];
      const neighbour = pool.run(request(TRAINING), ignore);
      const end = await pool.run(request({ ...ENDLESS, lambda }), ignore, (done) => parts.push(done)).ended;
      expect(end).toMatchObject({ outcome: 'crashed', error: { code: 'THREAD_CRASHED' } });
      expect(end.outcome === 'crashed' && end.error.message).toMatch(message);
      expect(parts.length).toBeLessThan(LARGE_PARTS - 1);
      resultOf(await neighbour.ended);
      expect((await pool.run(request(LARGE), ignore).ended).outcome).toBe('completed');
    },
  );

  it('is refused where its settings or its data are wrong', async () => {
    const pool = await openPool();
    const outcomes = await Promise.all(
      [
        request(checkConfig({ dataset: { name: DATASET.name, train: 7001 } })),
        request(checkConfig({ samples: { count: 501 } })),
        request(checkConfig({ hidden: [60_000, 60_000] })),
        request(SMALL, { datasetSha256: 'b'.repeat(64) }),
      ].map(async (each) => {
        const end = await pool.run(each, ignore).ended;
        return end.outcome === 'failed' ? end.error.code : end.outcome;
      }),
    );
    expect(outcomes).toEqual(['TRIAL_INVALID', 'TRIAL_INVALID', 'TRIAL_INVALID', 'DATASET_MISMATCH']);
  });

  it('for lack of memory says what it needs, and leaves nothing allocated', async () => {
    // Room for the data set and 20 MB.
    const pages = 1 + Math.ceil((8000 * 785 + 20e6) / 65_536);
    const memory = new NodeMemory(new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }));
    const pool = await openPool({ memory });
    const end = await pool.run(request(checkConfig({ hidden: 2000, entries: 5 })), ignore).ended;
    expect(end).toMatchObject({ outcome: 'crashed', error: { code: 'MEMORY_EXHAUSTED' } });
    expect(end.outcome === 'crashed' && end.error.message).toMatch(/^a divided trial needs \d+ bytes more: /);
    for (let i = 0; i < 4; i++) resultOf(await pool.run(request(SMALL), ignore).ended);
  });

  it('waits for the memory of the one before, whose last part may last', async () => {
    const config = checkConfig({ hidden: 50, samples: { count: 400 }, entries: 20 });
    const needs = gradientCheckTrainer.needs(config, DATASET);
    const kernel = WASM.open(new NodeMemory().memory);
    const room = Math.max(...[needs.shapes.prepare, needs.shapes.part].map((shapes) => kernel.workspaceBytes(shapes)));
    const pages = 2 + Math.ceil((8000 * 785 + 1.5 * (needs.stateBytes + room)) / 65_536);
    const memory = new NodeMemory(new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }));
    const pool = await openPool({ memory });
    const trials = [1, 2, 3].map((seed) => pool.run(request(config, { seed }), ignore));
    for (const trial of trials) resultOf(await trial.ended);
  });

  it('runs in fewer threads where memory is too short for all, to the same bits', async () => {
    const config = checkConfig({ hidden: 50, samples: { count: 400 }, entries: 20 });
    const plenty = resultOf(await (await openPool({ threads: 3 })).run(request(config), ignore).ended);
    const needs = gradientCheckTrainer.needs(config, DATASET);
    expect(needs.parts).toBeGreaterThan(3);
    const kernel = WASM.open(new NodeMemory().memory);
    const [first, part] = [needs.shapes.prepare, needs.shapes.part].map((shapes) => kernel.workspaceBytes(shapes));
    const room = Math.max(first!, 1.5 * part!);
    expect(room).toBeLessThan(3 * part!);
    const pages = 2 + Math.ceil((8000 * 785 + needs.stateBytes + room) / 65_536);
    const memory = new NodeMemory(new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }));
    const scarce = await openPool({ threads: 3, memory });
    expect(resultOf(await scarce.run(request(config), ignore).ended)).toEqual(plenty);
  });
});
