import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubleBits } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import type { Metrics } from '../../proto/domain.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import type { Kernel } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import type { TrialEnd } from '../../worker/trainers/trainer.js';
import { twoLayerTrainer } from '../../worker/trainers/two-layer.js';
import { workspaceBytes } from '../../worker/trainers/workspace.js';
import { BACKENDS } from '../support/backends.js';
import { PYTHON } from '../support/python.js';

/*
 * test/numpy/trainer.py was written from docs/numerics.md, in another language and over another library: the page says
 * enough, and says what the code does.
 */

const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;
const TRAINER = fileURLToPath(new URL('../numpy/trainer.py', import.meta.url));

const triangular = { schedule: 'triangular', min: 1e-5, max: 0.1 };
const TRIALS = {
  'a cycle and a half-used epoch': {
    hidden: [12],
    learning_rate: { ...triangular, step_size: 7 },
    cycles: 2,
    lambda: 0.003,
    evaluate: { train: 'epoch', val: 'epoch' },
    test: true,
  },
  'two hidden layers, a step size in epochs, an odd batch': {
    hidden: [9, 5],
    batch_size: 37,
    learning_rate: { ...triangular, step_size: { epochs: 0.7 } },
    cycles: 2,
    lambda: 0,
    evaluate: { train: 'final', val: 'never' },
    test: true,
  },
  'a constant rate': {
    hidden: [20],
    batch_size: 16,
    learning_rate: { schedule: 'constant', value: 0.02 },
    epochs: 2,
    lambda: 0.1,
  },
  'a rate that diverges': {
    hidden: [6],
    learning_rate: { schedule: 'constant', value: 1e20 },
    epochs: 4,
    lambda: 0.01,
  },
};

describe.skipIf(!hasNumpy)(
  `NumPy (${hasNumpy ? PYTHON : `skipped: ${PYTHON} has no NumPy, see VERNIER_TEST_PYTHON`})`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'vernier-numpy-'));
    const memory = new NodeMemory();
    let dataset: LoadedDataset;

    beforeAll(async () => {
      dataset = await loadDataset('fashion-mnist-mini', catalogued('fashion-mnist-mini')!.sha256, memory, folder);
      for (const part of ['train', 'test'] as const) {
        const { images, labels, records, inputs } = dataset[part];
        const { buffer } = memory.memory;
        writeFileSync(join(folder, `${part}-images.bin`), new Uint8Array(buffer, images.offset, records * inputs));
        writeFileSync(join(folder, `${part}-labels.bin`), new Uint8Array(buffer, labels.offset, records));
      }
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    function runNumpy(settings: object): unknown {
      const run = spawnSync(PYTHON, [TRAINER, folder], { input: JSON.stringify(settings), encoding: 'utf8' });
      if (run.status !== 0) throw new Error(`trainer.py failed: ${run.stderr}`);
      return JSON.parse(run.stdout);
    }

    it.each(Object.entries(TRIALS))('computes the same bits: %s', (_, trial) => {
      const config = twoLayerSchema.parse({
        kind: 'two-layer',
        dataset: { name: 'fashion-mnist-mini', train: 230, validation: 70 },
        batch_size: 25,
        ...trial,
      });
      const seed = 9_007_199_254_740_991;
      const { inputs, classes } = dataset.info;
      const expected = runNumpy({ inputs, classes, seed, config });

      for (const { open } of BACKENDS) {
        // Another network is trained beside it, of another size and length.
        const ends = runTogether(open(memory.memory), seed, [{ ...config, hidden: 7, lambda: 0.5 }, config]);
        const end = ends[1];
        if (end === undefined || end.outcome === 'cancelled') throw new Error('nobody cancelled it');
        expect({
          weightsSha256: end.weightsSha256,
          epochs: end.epochs.map(({ epoch, metrics }) => [epoch, digits(metrics)]),
          metrics: digits(end.metrics),
        }).toEqual(expected);
      }
    });

    function runTogether(kernel: Kernel, seed: number, configs: readonly TwoLayerConfig[]): TrialEnd[] {
      const ends: TrialEnd[] = [];
      const needs = configs.map((config) => twoLayerTrainer.needs(config, dataset.info));
      twoLayerTrainer.run({
        trials: configs.map((config, index) => ({
          config,
          seed,
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
        workspace: memory.allocate(workspaceBytes(kernel, needs)),
      });
      return ends;
    }
  },
);

function digits(metrics: Metrics): Record<string, string> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
}
