import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubleBits } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import type { Metrics } from '../../proto/domain.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { learningRateSchema, type ScheduleName } from '../../proto/training/learning-rate.js';
import { scheduleOf } from '../../proto/training/schedules/index.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import type { Kernel } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import type { TrialEnd } from '../../worker/trainers/trainer.js';
import { twoLayerTrainer } from '../../worker/trainers/two-layer.js';
import { workspaceBytes } from '../../worker/trainers/workspace.js';
import { BACKENDS } from '../support/backends.js';
import { PYTHON, runPython } from '../support/python.js';
import { scheduleCase } from '../support/schedules.js';

/*
 * test/numpy/trainer.py was written from docs/numerics.md, in another language and over another library: the page says
 * enough, and says what the code does.
 */

const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;
const RATES = fileURLToPath(new URL('../numpy/rates.py', import.meta.url));
const TRAINER = fileURLToPath(new URL('../numpy/trainer.py', import.meta.url));

const triangular = { schedule: 'triangular', min: 1e-5, max: 0.1 };
const short = {
  hidden: [12],
  learning_rate: { ...triangular, step_size: 7 },
  cycles: 2,
  lambda: 0.003,
  evaluate: { train: 'epoch', val: 'epoch' },
  test: true,
};
/** A rate at which the validation loss rises as well as it falls. */
const restless = { learning_rate: { schedule: 'constant', value: 0.2 }, lambda: 0, cycles: undefined, epochs: 12 };
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
  momentum: { ...short, momentum: 0.9 },
  'dropout in two layers': { ...short, hidden: [11, 7], dropout: 0.3 },
  flips: { ...short, horizontal_flips: true },
  He: { ...short, init: 'he' },
  'Xavier, in two layers': { ...short, hidden: [11, 7], init: 'xavier' },
  'the average of two and a half cycles': { ...short, cycles: undefined, epochs: 4, average: 'cycles' },
  'no average, as no cycle ends': {
    ...short,
    cycles: undefined,
    epochs: 1,
    average: 'cycles',
  },
  'an early end': { ...short, ...restless, early_stopping: { patience: 2 } },
  'a patience that suffices': { ...short, ...restless, early_stopping: { patience: 3, min_delta: 0 } },
  'a higher demand': { ...short, early_stopping: { patience: 1, min_delta: 0.2 } },
  'an early end with the average of the cycles so far': {
    ...short,
    ...restless,
    learning_rate: { ...triangular, max: 0.3, step_size: 4 },
    early_stopping: { patience: 2 },
    average: 'cycles',
    evaluate: { train: 'final', val: 'epoch' },
  },
  'momentum with dropout and a penalty': { ...short, momentum: 0.5, dropout: 0.5, lambda: 0.05 },
  'all together': {
    ...short,
    hidden: [11, 7],
    lambda: 0.01,
    momentum: 0.8,
    dropout: 0.2,
    horizontal_flips: true,
    init: 'he',
    learning_rate: { ...triangular, step_size: 4 },
    cycles: 6,
    early_stopping: { patience: 2, min_delta: 0.05 },
    average: 'cycles',
  },
  'momentum that diverges': {
    ...short,
    learning_rate: { schedule: 'constant', value: 1e10 },
    cycles: undefined,
    epochs: 3,
    momentum: 0.99,
  },
  ...Object.fromEntries(
    [
      { schedule: 'triangular2', min: 0.001, max: 0.1, step_size: 3 },
      { schedule: 'exp_range', min: 0.001, max: 0.1, step_size: { epochs: 0.4 }, gamma: 0.93 },
      { schedule: 'cosine', min: 0.001, max: 0.1 },
      { schedule: 'cosine', min: 0.001, max: 0.1, warmup: { epochs: 0.5 }, restarts: { period: 3, multiply: 2 } },
      { schedule: 'step', value: 0.1, factor: 0.7, every: 5 },
      { schedule: 'one_cycle', max: 0.1 },
      { schedule: 'one_cycle', max: 0.1, anneal: 'linear', pct_start: 0.41, div_factor: 10, final_div_factor: 100 },
      { schedule: 'range_test', min: 0.001, max: 0.3 },
      { schedule: 'range_test', min: 1e-5, max: 0.3, growth: 'exponential' },
    ].map((learning_rate) => {
      return [JSON.stringify(learning_rate), { hidden: [8], learning_rate, epochs: 2, lambda: 0.01 }];
    }),
  ),
  'a rate that diverges': {
    hidden: [6],
    learning_rate: { schedule: 'constant', value: 1e20 },
    epochs: 4,
    lambda: 0.01,
  },
};

/** After so many epochs those end that are stopped early. */
const STOPPED: { [Name in keyof typeof TRIALS]?: number } = {
  'an early end': 4,
  'a patience that suffices': 5,
  'a higher demand': 2,
  'an early end with the average of the cycles so far': 5,
  'all together': 3,
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

    it.each(learningRateSchema.options.map(({ shape }) => shape.schedule.value))(
      'computes the same rates at every update step, to the last bit of a float64: %s',
      (name) => {
        const cases = fc.sample(scheduleCase<ScheduleName>(name), 30).map(({ rate, length }) => ({
          rate: learningRateSchema.parse(JSON.parse(JSON.stringify(rate))),
          length,
        }));
        const rates = cases.map(({ rate, length }) => {
          const eta = scheduleOf(rate, length);
          return Array.from({ length: length.totalSteps }, (_, step) => doubleBits(eta(step)));
        });
        expect(rates).toEqual(runPython(RATES, cases));
      },
    );

    function runNumpy(settings: object): unknown {
      const run = spawnSync(PYTHON, [TRAINER, folder], { input: JSON.stringify(settings), encoding: 'utf8' });
      if (run.status !== 0) throw new Error(`trainer.py failed: ${run.stderr}`);
      return JSON.parse(run.stdout);
    }

    it.each(Object.entries(TRIALS))('computes the same bits: %s', (name, trial) => {
      const config = twoLayerSchema.parse({
        kind: 'two-layer',
        dataset: { name: 'fashion-mnist-mini', train: 230, validation: 70 },
        batch_size: 25,
        ...trial,
      });
      const seed = 9_007_199_254_740_991;
      const { inputs, classes, image } = dataset.info;
      const expected = runNumpy({ inputs, classes, image, seed, config });

      for (const { open } of BACKENDS) {
        // Others are trained beside it, of another size, penalty and length, one plainly and one with other means.
        const { momentum: _mu, dropout: _p, average: _average, early_stopping: _stopping, ...plain } = config;
        const others = { ...plain, hidden: 7, lambda: 0.5 };
        const neighbours: [TwoLayerConfig, TwoLayerConfig] = [
          others,
          { ...others, init: 'xavier', momentum: 0.6, dropout: 0.4 },
        ];
        const ends = runTogether(open(memory.memory), seed, [neighbours[0], config, neighbours[1]]);
        const end = ends[1];
        if (end === undefined || end.outcome === 'cancelled') throw new Error('nobody cancelled it');
        const stopped = STOPPED[name as keyof typeof TRIALS];
        if (stopped !== undefined) expect(end.epochs).toHaveLength(stopped);
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
