import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEPTH_BLOCK } from '../../worker/kernel/blocked/layout.js';
import type { NetworkShape } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { referenceKernel } from '../../worker/kernel/reference/index.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import { networkTensors, weightsDigest } from '../../worker/train/weights.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { batchOrder } from '../../worker/train/batch-order.js';
import { BACKENDS } from '../support/backends.js';
import {
  bits,
  differences,
  openNetwork,
  placeRecords,
  randomParameters,
  randomRecords,
  stateOf,
} from '../support/network-fixture.js';

/* What docs/numerics.md promises, asked of every backend. */

/** Also around a block of the depth, and around the rows that the WASM kernel packs at a time. */
const units = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 70 }) },
  { weight: 1, arbitrary: fc.integer({ min: 115, max: 125 }) },
  { weight: 1, arbitrary: fc.integer({ min: DEPTH_BLOCK - 5, max: DEPTH_BLOCK + 5 }) },
);

const anyShape = fc.record({
  layers: fc
    .tuple(units, fc.array(units, { minLength: 0, maxLength: 2 }), fc.integer({ min: 2, max: 12 }))
    .map(([inputs, hidden, classes]) => [inputs, ...hidden, classes]),
  batchSize: fc.integer({ min: 1, max: 17 }),
  precision: fc.constantFrom('float32' as const, 'float64' as const),
});

const seed = fc.nat();

/** Numbers that break what is not careful: NaN, infinities, zeros of both signs, subnormal and huge ones. */
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e-44, -1e-40, 3e38, -3e38];

describe.each(BACKENDS)('kernel $label', ({ open }) => {
  const memory = new NodeMemory();
  const kernel = open(memory.memory);

  it('gives the bits of the reference for every shape, weight and step', () => {
    const training = fc.record({
      steps: fc.integer({ min: 0, max: 4 }),
      eta: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 2, noNaN: true })),
      lambda: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1, noNaN: true })),
      records: fc.integer({ min: 1, max: 150 }),
      specialShare: fc.constantFrom(0, 0, 0.02, 0.3),
    });
    fc.assert(
      fc.property(anyShape, training, seed, (shape, { steps, eta, lambda, records, specialShare }, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const data = randomRecords(own, seedOfRun, shape, records);
        const setting = {
          ...recordStatistics(own.memory, data, records),
          parameters: randomParameters(shape, seedOfRun, (draws) =>
            draws.next() < specialShare ? SPECIAL[Math.floor(draws.next() * SPECIAL.length)] : undefined,
          ),
        };
        const networks = [referenceKernel(own.memory), kernel].map((each) => openNetwork(each, own, shape, setting));
        const rows = Uint32Array.from({ length: 5 * shape.batchSize }, (_, i) => (i * 31) % records);
        for (let step = 0; step < steps; step++) {
          for (const network of networks) network.trainStep(data, rows, step * shape.batchSize, eta, lambda);
        }
        const [expected, actual] = networks.map((network) =>
          stateOf(network, data, records >> 2, records - (records >> 2)),
        );
        expect(differences(expected!, actual!)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the bits of the reference for the paper's network, and for wide hidden layers", () => {
    for (const { layers, precision } of [
      { layers: [3072, 50, 10], precision: 'float32' },
      { layers: [200, 130, 125, 3], precision: 'float32' },
      { layers: [200, 130, 125, 3], precision: 'float64' },
    ] as const) {
      const own = new NodeMemory(memory.memory);
      const shape: NetworkShape = { layers, batchSize: 100, precision };
      const data = randomRecords(own, 1, shape, 230);
      const setting = {
        ...recordStatistics(own.memory, data, 200),
        parameters: initialParameters(1, layers, precision),
      };
      const networks = [referenceKernel(own.memory), kernel].map((each) => openNetwork(each, own, shape, setting));
      const rows = batchOrder(1, 1, 200);
      for (const network of networks) {
        network.trainStep(data, rows, 0, 0.05, 0.01);
        network.trainStep(data, rows, 100, 0.1, 0.01);
      }
      const [expected, actual] = networks.map((network) => stateOf(network, data, 10, 220));
      expect(differences(expected!, actual!)).toEqual([]);
    }
  });

  it('trains and evaluates each network of a group as if it were alone, whichever take a step', () => {
    const hidden = fc.array(fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 2 }), {
      minLength: 1,
      maxLength: 4,
    });
    const stepped = fc.array(fc.nat({ max: 15 }), { maxLength: 5 });
    fc.assert(
      fc.property(anyShape, hidden, stepped, seed, ({ layers, ...common }, each, turns, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const shapes = each.map((between, network): NetworkShape => {
          const classes = layers.at(-1)! + network;
          return { ...common, layers: [layers[0]!, ...between, classes] };
        });
        // Labels are of all networks' classes.
        const data = randomRecords(own, seedOfRun, { ...common, layers }, 60);
        const { mean, deviation } = recordStatistics(own.memory, data, 50);
        const parameters = shapes.map((shape, network) => randomParameters(shape, seedOfRun + network));
        const rows = Uint32Array.from({ length: 5 * common.batchSize }, (_, i) => (i * 31) % 60);

        const group = kernel.open(shapes, own.allocate(kernel.workspaceBytes(shapes)));
        group.setNormalisation(mean, deviation);
        group.networks.forEach((network, index) => network.setParameters(parameters[index]!));
        const alone = shapes.map((shape, index) =>
          openNetwork(kernel, own, shape, { mean, deviation, parameters: parameters[index]! }),
        );
        turns.forEach((mask, turn) => {
          const steps = shapes
            .map((_, network) => ({ network, eta: 0.1 / (network + 1), lambda: 0.01 * network }))
            .filter(({ network }) => (mask >> network) & 1);
          const first = turn * common.batchSize;
          group.trainStep(data, rows, first, steps);
          for (const { network, eta, lambda } of steps) alone[network]!.trainStep(data, rows, first, eta, lambda);
        });

        const order = shapes.map((_, network) => network).toReversed();
        const together = group.evaluate(data, 7, 50, order);
        order.forEach((index, place) => {
          const expected = stateOf(alone[index]!, data, 7, 50);
          const network = group.networks[index]!;
          const actual = stateOf(
            {
              ...alone[index]!,
              parameters: () => network.parameters(),
              sumSquaredWeights: () => network.sumSquaredWeights(),
              evaluate: () => together[place]!,
            },
            data,
            7,
            50,
          );
          expect(differences(expected, actual)).toEqual([]);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps weights and biases as they are given, in logical order', () => {
    fc.assert(
      fc.property(anyShape, seed, (shape, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const parameters = randomParameters(shape, seedOfRun);
        const inputs = shape.layers[0]!;
        const setting = { mean: new Float64Array(inputs), deviation: new Float64Array(inputs).fill(1), parameters };
        expect(openNetwork(kernel, own, shape, setting).parameters()).toEqual(parameters);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    { layers: [7, 5, 3], lambda: 0 },
    { layers: [7, 5, 3], lambda: 0.03 },
    { layers: [11, 6, 4, 5], lambda: 0.01 },
    { layers: [4, 3], lambda: 0.5 },
  ])('steps along the gradient: central differences of the cost, $layers, lambda $lambda', ({ layers, lambda }) => {
    const own = new NodeMemory(memory.memory);
    const batchSize = 9;
    const shape: NetworkShape = { layers, batchSize, precision: 'float64' };
    const data = randomRecords(own, 5, shape, batchSize);
    const parameters = randomParameters(shape, 6);
    const network = openNetwork(kernel, own, shape, { ...recordStatistics(own.memory, data, batchSize), parameters });
    const cost = (): number =>
      network.evaluate(data, 0, batchSize).lossSum / batchSize + lambda * network.sumSquaredWeights();

    // One step at rate 1 moves each parameter by its derivative.
    network.trainStep(
      data,
      Uint32Array.from({ length: batchSize }, (_, i) => i),
      0,
      1,
      lambda,
    );
    const stepped = network.parameters();

    const h = 1e-5;
    for (const [index, layer] of parameters.entries()) {
      for (const part of ['weights', 'bias'] as const) {
        for (let i = 0; i < layer[part].length; i++) {
          const at = (value: number): number => {
            const changed = parameters.map(({ weights, bias }) => ({ weights: weights.slice(), bias: bias.slice() }));
            changed[index]![part][i] = value;
            network.setParameters(changed);
            return cost();
          };
          const value = layer[part][i]!;
          const numeric = (at(value + h) - at(value - h)) / (2 * h);
          // Differences of fourth order in h, and of rounding over h: both near 1e-10.
          expect(Math.abs(value - stepped[index]![part][i]! - numeric)).toBeLessThan(2e-9);
        }
      }
    }
  });

  it('gives in float32 what it gives in float64, to float32 precision', () => {
    const own = new NodeMemory(memory.memory);
    const layers = [64, 20, 5];
    const [single, double] = (['float32', 'float64'] as const).map((precision) => {
      const shape: NetworkShape = { layers, batchSize: 25, precision };
      const data = randomRecords(own, 3, shape, 100);
      const setting = {
        ...recordStatistics(own.memory, data, 100),
        parameters: initialParameters(3, layers, precision),
      };
      const network = openNetwork(kernel, own, shape, setting);
      const rows = batchOrder(3, 1, 100);
      for (let step = 0; step < 4; step++) network.trainStep(data, rows, step * 25, 0.1, 0.01);
      return { ...network.evaluate(data, 0, 100), parameters: network.parameters() };
    });
    expect(single!.lossSum).toBeCloseTo(double!.lossSum, 3);
    for (const [index, { weights }] of double!.parameters.entries()) {
      const distance = weights.map((weight, i) => Math.abs(weight - single!.parameters[index]!.weights[i]!));
      expect(Math.max(...distance)).toBeLessThan(1e-6);
    }
  });

  it('touches no memory but its workspace', () => {
    fc.assert(
      fc.property(anyShape, seed, (shape, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const data = randomRecords(own, seedOfRun, shape, 40);
        const before = own.allocate(4096);
        const workspace = own.allocate(kernel.workspaceBytes([shape]));
        const after = own.allocate(4096);
        const everything = new Uint8Array(memory.memory.buffer);
        for (const { offset, bytes } of [before, workspace, after]) everything.fill(0xa5, offset, offset + bytes);
        // One larger than the workspace's own end would not be noticed within its padding to a cache line.
        const end = workspace.offset + kernel.workspaceBytes([shape]);
        const outside = () => [
          everything.slice(0, workspace.offset),
          everything.slice(end, after.offset + after.bytes),
        ];
        const expected = outside();

        const group = kernel.open([shape], workspace);
        const { mean, deviation } = recordStatistics(own.memory, data, 40);
        group.setNormalisation(mean, deviation);
        const network = group.networks[0]!;
        network.setParameters(randomParameters(shape, seedOfRun));
        const rows = Uint32Array.from({ length: shape.batchSize }, (_, i) => i);
        group.trainStep(data, rows, 0, [{ network: 0, eta: 0.1, lambda: 0.1 }]);
        group.evaluate(data, 0, 40, [0]);
        network.sumSquaredWeights();
        network.parameters();

        expect(outside().every((bytes, i) => Buffer.compare(bytes, expected[i]!) === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('takes the first of equal scores, and no score for greater than NaN', () => {
    const own = new NodeMemory(memory.memory);
    const shape: NetworkShape = { layers: [2, 3], batchSize: 4, precision: 'float32' };
    const labels = [0, 1, 1, 2, 2, 2];
    const data = placeRecords(own, 2, new Uint8Array(12), labels);
    const correctWith = (bias: number[]): number => {
      const parameters = [{ weights: new Float32Array(6), bias: Float32Array.from(bias) }];
      const setting = { mean: new Float64Array(2), deviation: new Float64Array([1, 1]), parameters };
      return openNetwork(kernel, own, shape, setting).evaluate(data, 0, labels.length).correct;
    };
    expect(correctWith([0, 0, 0])).toBe(1);
    expect(correctWith([0, 1, 1])).toBe(2);
    expect(correctWith([-1, -1, 0])).toBe(3);
    expect(correctWith([NaN, 1, 2])).toBe(1);
    expect(correctWith([0, 1, NaN])).toBe(2);
    expect(correctWith([-Infinity, -Infinity, -Infinity])).toBe(1);
  });

  it('shows a NaN of a hidden unit in every result', () => {
    const own = new NodeMemory(memory.memory);
    const shape: NetworkShape = { layers: [3, 4, 2], batchSize: 2, precision: 'float32' };
    const data = randomRecords(own, 1, shape, 2);
    const parameters = randomParameters(shape, 1);
    parameters[0]!.weights[5] = NaN;
    const network = openNetwork(kernel, own, shape, { ...recordStatistics(own.memory, data, 2), parameters });
    expect(network.evaluate(data, 0, 2).lossSum).toBeNaN();
    network.trainStep(data, Uint32Array.of(0, 1), 0, 0.1, 0);
    expect(network.parameters()[1]!.weights.every(Number.isNaN)).toBe(true);
    expect(network.sumSquaredWeights()).toBeNaN();
  });

  it('finds records that were loaded after it was opened, in memory that has grown since', () => {
    const grown = new NodeMemory();
    const own = open(grown.memory);
    const shape: NetworkShape = { layers: [40, 3, 2], batchSize: 5, precision: 'float32' };
    const parameters = randomParameters(shape, 1);
    const setting = { mean: new Float64Array(40).fill(100), deviation: new Float64Array(40).fill(50), parameters };
    const network = openNetwork(own, grown, shape, setting);
    grown.allocate(10 * 65_536);
    const data = randomRecords(grown, 2, shape, 5);
    const expected = openNetwork(referenceKernel(grown.memory), grown, shape, setting).evaluate(data, 0, 5);
    expect(network.evaluate(data, 0, 5)).toEqual(expected);
    expect(expected.lossSum).toBeGreaterThan(0);
  });

  it('gives the bits that every other engine gives: a seeded run, step by step', () => {
    const own = new NodeMemory(memory.memory);
    const layers = [19, 13, 6];
    const shape: NetworkShape = { layers, batchSize: 7, precision: 'float32' };
    const data = randomRecords(own, 42, shape, 90);
    const setting = { ...recordStatistics(own.memory, data, 70), parameters: initialParameters(42, layers, 'float32') };
    const network = openNetwork(kernel, own, shape, setting);
    for (let epoch = 1; epoch <= 5; epoch++) {
      const rows = batchOrder(42, epoch, 70);
      for (let step = 0; step < 10; step++) network.trainStep(data, rows, step * 7, 0.01 * (step + 1), 0.003);
    }
    expect(weightsDigest(networkTensors(network.parameters()))).toBe(
      'b4251f05cb8cb97e86e204f14cf49a92542dcf5481185de80fb21ea24e819cb1',
    );
    const { lossSum, correct } = network.evaluate(data, 70, 20);
    expect([...bits([lossSum, network.sumSquaredWeights()]), correct]).toEqual([
      '4042acad5454a2a8',
      '4032c31d2ade0aa6',
      3,
    ]);
  });
});
