import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { doubleBits } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import type { Metrics } from '../../proto/domain.js';
import { twoLayerSchema, type TwoLayerInput } from '../../proto/trainers/two-layer.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import { TrialPool } from '../../worker/pool/trial-pool.js';
import type { TrialEnd } from '../../worker/trainers/trainer.js';
import { twoLayerTrainer } from '../../worker/trainers/two-layer.js';
import { workspaceBytes } from '../../worker/trainers/workspace.js';
import { BACKENDS, type Backend } from '../support/backends.js';

/*
 * Trials with further means of training keep their bits on every backend, with any number of threads, alone and in any company. That they
 * are the right bits is numpy-agrees.test.ts's.
 */

const DATASET = catalogued('fashion-mnist-mini')!;
const SEED = 4711;

const plain = {
  kind: 'two-layer',
  dataset: { name: DATASET.name, train: 330, validation: 70 },
  hidden: 14,
  batch_size: 30,
  learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: 7 },
  cycles: 4,
  lambda: 0.002,
  evaluate: { train: 'final', val: 'epoch' },
  test: true,
} satisfies TwoLayerInput;

/** Trials that see the same mini-batches. */
const COMPANY: Record<string, Partial<TwoLayerInput>> = {
  plain: {},
  momentum: { momentum: 0.7 },
  dropout: { dropout: 0.4 },
  'dropout of two layers, with momentum': { hidden: [9, 21], dropout: 0.1, momentum: 0.3 },
  'the average': { average: 'cycles' },
  'stopped early, with its average': {
    learning_rate: { ...plain.learning_rate, max: 0.4 },
    average: 'cycles',
    early_stopping: { patience: 1, min_delta: 0.3 },
  },
  'He, stopped early': { init: 'he', momentum: 0.5, early_stopping: { patience: 2, min_delta: 0.4 } },
  Xavier: { init: 'xavier', hidden: 20 },
};

const settings = Object.values(COMPANY).map((changes) => twoLayerSchema.parse({ ...plain, ...changes }));
const flipped = settings.map((config) => ({ ...config, horizontal_flips: true }));

const dataDir = mkdtempSync(join(tmpdir(), 'vernier-means-'));
const memory = new NodeMemory();
let dataset: LoadedDataset;
beforeAll(async () => {
  dataset = await loadDataset(DATASET.name, DATASET.sha256, memory, dataDir);
});
afterAll(() => rmSync(dataDir, { recursive: true }));

interface Result {
  weights: string;
  metrics: Record<string, string>;
  epochs: [number, Record<string, string>][];
}

function resultOf(end: TrialEnd | undefined): Result {
  if (end?.outcome !== 'completed') throw new Error(`the trial ended otherwise: ${end?.outcome}`);
  return {
    weights: end.weightsSha256,
    metrics: digits(end.metrics),
    epochs: end.epochs.map(({ epoch, metrics }) => [epoch, digits(metrics)]),
  };
}

function digits(metrics: Metrics): Record<string, string> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
}

function together(backend: Backend, configs: typeof settings): Result[] {
  const kernel = backend.open(memory.memory);
  const needs = configs.map((config) => twoLayerTrainer.needs(config, dataset.info));
  const workspace = memory.allocate(workspaceBytes(kernel, needs));
  // Whatever lay there before is of no account.
  new Uint8Array(memory.memory.buffer, workspace.offset, workspace.bytes).fill(0xa5);
  const ends: TrialEnd[] = [];
  twoLayerTrainer.run({
    trials: configs.map((config, index) => ({
      config,
      seed: SEED,
      specSha256: '0'.repeat(64),
      weights: { keep: 'never' },
      cancelled: () => false,
      onEpoch: () => {},
      onEnd: (end) => (ends[index] = end),
    })),
    dataset,
    normalisation: recordStatistics(memory.memory, dataset.train, needs[0]!.trainRecords),
    kernel,
    memory: memory.memory,
    workspace,
  });
  memory.release(workspace);
  return configs.map((_, index) => resultOf(ends[index]));
}

describe.each([
  ['records as they are', settings],
  ['flips', flipped],
])('trials with %s', (_, configs) => {
  let alone: Result[];
  beforeAll(() => {
    alone = configs.map((config) => together(BACKENDS[0]!, [config])[0]!);
  });

  it('differ from each other, and end when they should', () => {
    expect(new Set(alone.map(({ weights }) => weights)).size).toBe(configs.length);
    const epochs = Object.fromEntries(Object.keys(COMPANY).map((name, index) => [name, alone[index]!.epochs.length]));
    expect(epochs).toMatchObject({ plain: 6, momentum: 6, 'the average': 6, Xavier: 6 });
    expect(epochs['stopped early, with its average']).toBeLessThan(6);
    expect(epochs['He, stopped early']).toBeLessThan(6);
  });

  it.each(BACKENDS)('$label: have the bits alone and side by side', (backend) => {
    expect(together(backend, configs)).toEqual(alone);
    expect(together(backend, configs.toReversed())).toEqual(alone.toReversed());
    for (const index of [1, 2, 3, 5]) expect(together(backend, [configs[index]!])).toEqual([alone[index]]);
  });
});

describe('a pool', () => {
  const pools: TrialPool[] = [];
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  it.each([1, 2, 3])('gives them the same bits with %d threads, however they are grouped', async (threads) => {
    const backend = BACKENDS.at(-1)!;
    const mixed = settings.flatMap((config, index) => [config, flipped[index]!]);
    const expected = mixed.map((config) => together(BACKENDS[0]!, [config])[0]!);
    const pool = await TrialPool.open({
      threads,
      kernel: backend.open(memory.memory),
      recipe: backend.recipe,
      memory,
      loadDataset: (name, sha256) => loadDataset(name, sha256, memory, dataDir),
    });
    pools.push(pool);
    const start = (config: (typeof settings)[number]) => ({
      request: {
        configJson: JSON.stringify(config),
        seed: SEED,
        datasetSha256: DATASET.sha256,
        specSha256: '0'.repeat(64),
        weights: { keep: 'never' as const },
      },
      onEpoch: () => {},
    });
    // In threes, of which some see flipped images and some do not.
    const groups = Array.from({ length: Math.ceil(mixed.length / 3) }, (_, group) =>
      mixed.slice(3 * group, 3 * group + 3),
    );
    const running = groups.flatMap((group) => pool.runTogether(group.map(start)));
    const ends = await Promise.all(running.map(({ ended }) => ended));
    expect(ends.map((end) => resultOf(end as TrialEnd))).toEqual(expected);
  });
});

describe('needs', () => {
  const refusal = (changes: Partial<TwoLayerInput>, info = dataset.info): unknown => {
    try {
      return twoLayerTrainer.needs(twoLayerSchema.parse({ ...plain, ...changes }), info);
    } catch (error) {
      return error;
    }
  };

  it('refuses what the coordinator did not see', () => {
    const { image: _image, ...flat } = dataset.info;
    expect(refusal({ horizontal_flips: true }, flat)).toMatchObject({
      code: 'TRIAL_INVALID',
      mend: 'add them with their shape: vernier data add fashion-mnist-mini PATH --replace',
    });
    const unseen = { early_stopping: { patience: 2 } };
    expect(refusal({ ...unseen, evaluate: { val: 'final' } })).toMatchObject({ code: 'TRIAL_INVALID' });
    expect(refusal({ ...unseen, dataset: { ...plain.dataset, validation: 0 } })).toMatchObject({
      code: 'TRIAL_INVALID',
    });
    const constant = { learning_rate: { schedule: 'constant', value: 0.1 }, cycles: undefined, epochs: 2 } as const;
    expect(refusal({ ...constant, average: 'cycles' })).toMatchObject({ code: 'TRIAL_INVALID' });
    expect(refusal({ ...constant, average: 'none', ...unseen })).toMatchObject({ trainRecords: 330 });
  });
});
