import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviationMetric, GRADIENT_CHECK_METRICS, leastBytes } from '../../../proto/trainers/gradient-check.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { referenceKernel } from '../../../worker/kernel/reference/index.js';
import { batchOrder } from '../../../worker/train/batch-order.js';
import { checkedTensors, drawEntries } from '../../../worker/train/gradient-check/checked.js';
import { costAndGradients, movedCosts, type CostFunction } from '../../../worker/train/gradient-check/costs.js';
import { checkMetrics, deviations } from '../../../worker/train/gradient-check/deviations.js';
import { sampleRows } from '../../../worker/train/gradient-check/samples.js';
import { checkState, entriesOf, layersOf, stateBytes } from '../../../worker/train/gradient-check/state.js';
import { initialParameters } from '../../../worker/train/initialisation.js';
import { gradientCheckTrainer } from '../../../worker/trainers/gradient-check.js';
import { checkConfig } from '../../support/gradient-check.js';
import { bits, randomRecords } from '../../support/network-fixture.js';

describe('the samples', () => {
  it('are the first records', () => {
    expect([...sampleRows(42, checkConfig({ samples: { count: 4 } }))]).toEqual([0, 1, 2, 3]);
  });

  it('or different ones of the training records, drawn by the seed', () => {
    const drawn = (seed: number, count: number) =>
      sampleRows(seed, checkConfig({ dataset: { name: 'd', train: 60 }, samples: { count, choice: 'random' } }));
    expect(new Set(drawn(42, 60))).toEqual(new Set(Array.from({ length: 60 }, (_, row) => row)));
    expect(drawn(42, 9)).toEqual(drawn(42, 60).slice(0, 9));
    expect(drawn(42, 60)).not.toEqual(drawn(43, 60));
    // A stream of their own: the first epoch's order is another permutation of the same records.
    expect(drawn(42, 60)).not.toEqual(batchOrder(42, 1, 60));
  });

  it('stay what they are', () => {
    // test/numpy/gradient_check.py draws the same from docs/numerics.md.
    const config = checkConfig({ dataset: { name: 'd', train: 10_000 }, samples: { count: 5, choice: 'random' } });
    expect([...sampleRows(42, config)]).toMatchInlineSnapshot(`
      [
        7213,
        6211,
        6291,
        8594,
        614,
      ]
    `);
  });
});

describe('the checked entries', () => {
  it('are all, tensor by tensor', () => {
    const tensors = checkedTensors([4, 3, 2]);
    expect(
      tensors.map(({ name, layer, tensor, shape, size, count }) => [name, layer, tensor, shape, size, count]),
    ).toEqual([
      ['W1', 0, 'weights', [4, 3], 12, 12],
      ['b1', 0, 'bias', [3], 3, 3],
      ['W2', 1, 'weights', [3, 2], 6, 6],
      ['b2', 1, 'bias', [2], 2, 2],
    ]);
    expect(tensors.map(({ firstParameter, firstChecked }) => [firstParameter, firstChecked])).toEqual([
      [0, 0],
      [12, 12],
      [15, 15],
      [21, 21],
    ]);
    expect(tensors.some(({ isDrawn }) => isDrawn)).toBe(false);
  });

  it('or so many of each, different ones in ascending order, and all of tensors that have no more', () => {
    const tensors = checkedTensors([40, 30, 2], 10);
    expect(tensors.map(({ count, firstChecked }) => [count, firstChecked])).toEqual([
      [10, 0],
      [10, 10],
      [10, 20],
      [2, 30],
    ]);
    expect(tensors.map(({ isDrawn }) => isDrawn)).toEqual([true, true, true, false]);
    for (const tensor of tensors.slice(0, 3)) {
      const entries = [...drawEntries(42, tensor)];
      expect(new Set(entries).size).toBe(10);
      expect(entries).toEqual(entries.toSorted((a, b) => a - b));
      expect(Math.max(...entries)).toBeLessThan(tensor.size);
      expect([...drawEntries(42, tensor)]).toEqual(entries);
      expect([...drawEntries(43, tensor)]).not.toEqual(entries);
    }
  });
});

describe('the deviations of two gradients', () => {
  it('are what their names say', () => {
    const found = deviations(Float64Array.of(1, -2, 0.5, 0), Float64Array.of(1.5, -2, 0.25, 1e-7));
    expect(found.mean_difference).toBe(Math.abs(-0.5 / 4 - (1.5 - 2 + 0.25 + 1e-7) / 4));
    expect(found.mean_absolute_difference).toBe((0.5 + 0 + 0.25 + 1e-7) / 4);
    expect(found.max_absolute_difference).toBe(0.5);
    expect(found.max_relative_error).toBe(0.25 / 0.75);
  });

  it('take a gradient below 1e-6 for 0', () => {
    const { max_relative_error: error } = deviations(Float64Array.of(0), Float64Array.of(1e-9));
    expect(error).toBe(1e-9 / 1e-6);
  });

  it('are 0 for equal gradients, and NaN where one is none', () => {
    const zeros = {
      mean_difference: 0,
      mean_absolute_difference: 0,
      max_absolute_difference: 0,
      max_relative_error: 0,
    };
    expect(deviations(Float64Array.of(1, 2), Float64Array.of(1, 2))).toEqual(zeros);
    const broken = deviations(Float64Array.of(NaN, 2), Float64Array.of(1, 2));
    expect(Object.values(broken).every(Number.isNaN)).toBe(true);
  });
});

const LAYERS = [6, 4, 3, 2];
const STEP = 1e-5;

/** A small check over the reference kernel, all of it or in ranges, with so many networks at once. */
function checked({ lambda = 0, networks = 2, ranges = 1, entries }: Partial<Record<string, number>> = {}) {
  const memory = new NodeMemory();
  const shape = { layers: LAYERS, batchSize: 5, precision: 'float64' as const };
  const records = randomRecords(memory, 3, shape, 9);
  const tensors = checkedTensors(LAYERS, entries);
  const state = checkState(memory.memory, memory.allocate(stateBytes(tensors)), tensors);
  for (const [index, { weights, bias }] of initialParameters(8, LAYERS, 'float64').entries()) {
    layersOf(state, tensors)[index]!.weights.set(weights);
    layersOf(state, tensors)[index]!.bias.set(bias);
  }
  for (const tensor of tensors) if (tensor.isDrawn) entriesOf(state, tensor)!.set(drawEntries(8, tensor));
  const kernel = referenceKernel(memory.memory);
  const costOf = (shapes: { gradients?: boolean }[]): CostFunction => {
    const all = shapes.map((more) => ({ ...shape, ...more }));
    const group = kernel.open(all, memory.allocate(kernel.workspaceBytes(all)));
    group.setNormalisation(new Float64Array(6).fill(120), new Float64Array(6).fill(70));
    return { group, records, rows: Uint32Array.of(8, 1, 4, 4, 0), lambda, dropout: undefined };
  };
  costAndGradients(state, tensors, costOf([{ gradients: true }]));
  const cost = costOf(Array.from({ length: networks }, () => ({})));
  const all = state.raised.length;
  for (let range = 0; range < ranges; range++) {
    const first = Math.floor((all * range) / ranges);
    const last = Math.floor((all * (range + 1)) / ranges);
    movedCosts(state, tensors, cost, STEP, { first, last }, () => false);
  }
  return { state, tensors, cost, metrics: checkMetrics(state, tensors, STEP) };
}

describe('a check', () => {
  it('finds that the gradients are those of the cost, of any lambda', () => {
    for (const lambda of [0, 0.01, 3]) {
      const { metrics } = checked({ lambda });
      expect(metrics['central_max_absolute_difference']).toBeLessThan(1e-9);
      expect(metrics['central_max_relative_error']).toBeLessThan(1e-5);
      // Forward differences are off by half a second derivative times h.
      expect(metrics['forward_max_absolute_difference']).toBeLessThan(1e-4);
      expect(metrics['forward_max_absolute_difference']).toBeGreaterThan(metrics['central_max_absolute_difference']!);
    }
    expect(checked({ lambda: 0.01 }).metrics['cost']).toBeGreaterThan(checked().metrics['cost']!);
    expect(checked().metrics['cost']).toBe(checked().metrics['loss']);
  });

  it('has the metrics that its network can have', () => {
    const { metrics } = checked();
    const names = GRADIENT_CHECK_METRICS.filter((name) => !/_[Wb][4-9]_/.test(name));
    expect(new Set(Object.keys(metrics))).toEqual(new Set(names));
    for (const difference of ['forward', 'central'] as const) {
      const errors = ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'].map(
        (tensor) => metrics[deviationMetric(difference, 'max_relative_error', tensor)]!,
      );
      expect(metrics[deviationMetric(difference, 'max_relative_error')]).toBe(Math.max(...errors));
    }
  });

  it('gives every parameter back to the last bit', () => {
    const { cost, state, tensors } = checked({ networks: 4, ranges: 3 });
    const expected = layersOf(state, tensors).map(({ weights, bias }) => [bits(weights), bits(bias)]);
    for (const network of cost.group.networks) {
      expect(network.parameters().map(({ weights, bias }) => [bits(weights), bits(bias)])).toEqual(expected);
    }
  });

  it('gives the same bits however it is divided, and however many networks it evaluates at once', () => {
    const { state, metrics } = checked({ lambda: 0.01 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 50 }), (pairs, ranges) => {
        const other = checked({ lambda: 0.01, networks: 2 * pairs, ranges });
        expect(bits(other.state.raised)).toEqual(bits(state.raised));
        expect(bits(other.state.lowered)).toEqual(bits(state.lowered));
        expect(other.metrics).toEqual(metrics);
      }),
      { numRuns: 25 },
    );
  });

  it('of some entries has the costs that the check of all has there', () => {
    const all = checked();
    const some = checked({ entries: 3 });
    for (const [index, tensor] of some.tensors.entries()) {
      const { firstChecked, count } = tensor;
      const entries = entriesOf(some.state, tensor);
      const whole = all.tensors[index]!;
      for (let at = 0; at < count; at++) {
        const entry = entries?.[at] ?? at;
        expect(some.state.raised[firstChecked + at]).toBe(all.state.raised[whole.firstChecked + entry]);
        expect(some.state.lowered[firstChecked + at]).toBe(all.state.lowered[whole.firstChecked + entry]);
      }
    }
    expect(some.metrics['central_max_relative_error']).toBeLessThanOrEqual(all.metrics['central_max_relative_error']!);
  });

  it('stops where it is told to', () => {
    const { state, tensors, cost } = checked();
    state.raised.fill(0);
    let evaluations = 0;
    movedCosts(state, tensors, cost, STEP, { first: 0, last: state.raised.length }, () => evaluations++ === 4);
    expect([...state.raised].filter((value) => value !== 0)).toHaveLength(4);
  });
});

describe('what a check needs', () => {
  const data = { name: 'd', sha256: '', train: 50_000, test: 0, inputs: 3072, classes: 10 };

  it('is known before it runs, and is no more than it says', () => {
    const config = checkConfig({ dataset: { name: 'd', train: 10_000 }, hidden: 50, samples: { count: 20 } });
    const needs = gradientCheckTrainer.needs(config, data);
    expect(needs.parts).toBe(64);
    expect(needs.stateBytes).toBe(8 * (2 + 4 * 154_160));
    const kernel = referenceKernel(new NodeMemory().memory);
    const bytes = needs.stateBytes + kernel.workspaceBytes(needs.shapes.prepare);
    expect(leastBytes(config, data)).toBeLessThanOrEqual(bytes);
    expect(leastBytes(config, data)).toBeGreaterThan(0.9 * bytes);
  });

  it('is known at once, however many entries are to be drawn: it is asked of the thread that keeps the leases', () => {
    const config = checkConfig({ dataset: { name: 'd', train: 10_000 }, hidden: 1000, entries: 3_000_000 });
    const started = performance.now();
    const { stateBytes: bytes } = gradientCheckTrainer.needs(config, data);
    expect(performance.now() - started).toBeLessThan(500); // drawing takes seconds
    const [parameters, entriesChecked] = [3_072_000 + 1000 + 10_000 + 10, 3_000_000 + 1000 + 10_000 + 10];
    expect(bytes).toBe(8 * (2 + 2 * parameters + 2 * entriesChecked) + 4 * entriesChecked);
  });

  it.each([
    ['more training records than there are', { dataset: { name: 'd', train: 50_001 } }, 'dataset.train 50001'],
    [
      'more samples than training records',
      { samples: { count: 501 } },
      'samples.count 501 is more than dataset.train 500',
    ],
    ['a network that no node has room for', { hidden: [60_000, 60_000] }, 'bytes or more of kernel memory'],
  ])('refuses %s', (_, changes, message) => {
    expect(() => gradientCheckTrainer.needs(checkConfig(changes), data)).toThrow(message);
  });
});
