import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeMemory } from '../../worker/kernel/memory.js';
import type { Dropout, LayerParameters, Network, NetworkShape } from '../../worker/kernel/kernel.js';
import { DropoutMasks } from '../../worker/train/dropout.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { BACKENDS, type Backend } from '../support/backends.js';
import { randomRecords } from '../support/network-fixture.js';
import { PYTHON, runPython } from '../support/python.js';

/* Update steps with momentum, a penalty and dropout beside those of PyTorch's SGD, in float64: but for rounding they are the same. */

const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;
const SCRIPT = join(import.meta.dirname, '../numpy/torch_steps.py');

/** Of numbers of the size of 1: sums of different order, over a few dozen steps. */
const TOLERANCE = 1e-12;
const STEPS = 40;
const RECORDS = 36;

const shape: NetworkShape = {
  layers: [11, 9, 7, 4],
  batchSize: 6,
  precision: 'float64',
  momentum: true,
  dropout: true,
  gradients: true,
};
const [lambda, batchSize, inputs] = [0.01, 6, 11];
const mean = Float64Array.from({ length: inputs }, (_, k) => 100 + 5 * k);
const deviation = Float64Array.from({ length: inputs }, (_, k) => 60 + 3 * k);

type Plain = { weights: number[][]; bias: number[] }[];

function plain(layers: readonly LayerParameters[]): Plain {
  return layers.map(({ weights, bias }) => {
    const rows = weights.length / bias.length;
    const row = (index: number) => [...weights.subarray(index * bias.length, (index + 1) * bias.length)];
    return { weights: Array.from({ length: rows }, (_, index) => row(index)), bias: [...bias] };
  });
}

/** The greatest difference, or NaN where something is none. */
function distance(a: Plain, b: Plain): number {
  const flat = (layers: Plain) => layers.flatMap(({ weights, bias }) => [...weights.flat(), ...bias]);
  const [left, right] = [flat(a), flat(b)];
  expect(left).toHaveLength(right.length);
  return left.reduce((most, value, index) => Math.max(most, Math.abs(value - right[index]!)), 0);
}

const eta = (step: number) => 0.05 + 0.01 * (step % 7);

describe.skipIf(!hasTorch)(`PyTorch (${hasTorch ? PYTHON : `skipped: ${PYTHON} has no PyTorch`})`, () => {
  it.each([
    ['momentum and a penalty', { momentum: 0.9, probability: 0 }],
    ['momentum, a penalty and dropout', { momentum: 0.5, probability: 0.3 }],
  ])('steps alike: %s', (_, { momentum, probability }) => {
    const runs = BACKENDS.map((backend) => trained(backend, momentum, probability));
    const theirs = runPython(SCRIPT, runs[0]!.request) as Plain[];
    expect(theirs).toHaveLength(STEPS + 1);
    for (const { ours } of runs) {
      for (const [index, expected] of theirs.entries()) {
        expect(distance(ours[index]!, expected), `after ${index} steps`).toBeLessThan(TOLERANCE);
      }
      // They went somewhere.
      expect(distance(ours.at(-1)!, ours[1]!)).toBeGreaterThan(0.1);
    }
  });

  /** The gradients of the first step and the parameters after each; and what PyTorch needs for the same. */
  function trained(backend: Backend, momentum: number, probability: number): { ours: Plain[]; request: object } {
    const memory = new NodeMemory();
    const kernel = backend.open(memory.memory);
    const group = kernel.open([shape], memory.allocate(kernel.workspaceBytes([shape])));
    const network = group.networks[0] as Network;
    const records = randomRecords(memory, 3, shape, RECORDS);
    group.setNormalisation(mean, deviation);
    const first = initialParameters(5, shape.layers, 'float64', 'he');
    network.setParameters(first);

    const bytes = new Uint8Array(memory.memory.buffer, records.images.offset, RECORDS * inputs);
    const normal = (record: number) =>
      Array.from({ length: inputs }, (_, k) => (bytes[record * inputs + k]! - mean[k]!) / deviation[k]!);
    const rows = Uint32Array.from({ length: RECORDS }, (_, place) => (place * 7) % RECORDS);
    const masks = new DropoutMasks(8, probability, [9, 7], batchSize);
    masks.startEpoch(1);

    const ours: Plain[] = [];
    const steps = Array.from({ length: STEPS }, (_, step) => {
      const place = (step * batchSize) % RECORDS;
      const dropout = probability > 0 ? masks.next() : undefined;
      if (step === 0) ours.push(plain(group.gradients(records, rows, place, 0, dropout)));
      const means = { momentum, ...(dropout === undefined ? {} : { dropout }) };
      group.trainStep(records, rows, place, [{ network: 0, eta: eta(step), lambda, ...means }]);
      ours.push(plain(network.parameters()));
      const factors = dropout === undefined ? null : factorsOf(dropout);
      return { rows: [...rows.subarray(place, place + batchSize)], eta: eta(step), factors };
    });
    const request = {
      inputs: Array.from({ length: RECORDS }, (_, record) => normal(record)),
      labels: [...new Uint8Array(memory.memory.buffer, records.labels.offset, RECORDS)],
      layers: plain(first),
      momentum,
      lambda,
      steps,
    };
    return { ours, request };
  }

  function factorsOf({ kept, scale }: Dropout): number[][][] {
    return kept.map((layer) => {
      const units = layer.length / batchSize;
      return Array.from({ length: batchSize }, (_, row) =>
        Array.from(layer.subarray(row * units, (row + 1) * units), (one) => one * scale),
      );
    });
  }
});

describe.each(BACKENDS)('$label: the first step with momentum', (backend) => {
  it('goes along the gradient, as the plain step does', () => {
    const memory = new NodeMemory();
    const kernel = backend.open(memory.memory);
    const shapes = [shape, shape];
    const group = kernel.open(shapes, memory.allocate(kernel.workspaceBytes(shapes)));
    const records = randomRecords(memory, 3, shape, RECORDS);
    group.setNormalisation(mean, deviation);
    const first = initialParameters(5, shape.layers, 'float64');
    for (const network of group.networks) network.setParameters(first);
    const rows = Uint32Array.from({ length: batchSize }, (_, row) => row);
    group.trainStep(records, rows, 0, [
      { network: 0, eta: 0.1, lambda: 0, momentum: 0.9 },
      { network: 1, eta: 0.1, lambda: 0 },
    ]);
    const [withMomentum, without] = group.networks.map((network) => plain(network.parameters()));
    // Without a penalty both are W - f(r * dW), to the bit; the velocities are 0 before.
    expect(withMomentum).toEqual(without);
    expect(distance(withMomentum!, plain(first))).toBeGreaterThan(1e-3);
  });
});
