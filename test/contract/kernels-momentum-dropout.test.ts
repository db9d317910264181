import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generator } from '../../proto/seed.js';
import { DEPTH_BLOCK } from '../../worker/kernel/blocked/layout.js';
import type {
  Dropout,
  Kernel,
  LayerParameters,
  NetworkGroup,
  NetworkShape,
  NetworkStep,
  ParameterTensor,
  Precision,
} from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { rounding } from '../../worker/kernel/reference/arithmetic.js';
import { referenceKernel } from '../../worker/kernel/reference/index.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import { networkTensors, weightsDigest } from '../../worker/train/weights.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { batchOrder } from '../../worker/train/batch-order.js';
import { BACKENDS } from '../support/backends.js';
import { bits, differences, randomParameters, randomRecords } from '../support/network-fixture.js';

/*
 * Momentum, dropout, gradients, the loss of a mini-batch and single parameters: what docs/numerics.md promises of them, asked of
 * every backend.
 */

const PRECISIONS = ['float32', 'float64'] as const;
const TENSORS = ['weights', 'bias'] as const;
/** NaN, infinities, zeros of both signs, subnormal and huge numbers. */
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e-44, -1e-40, 3e38, -3e38];

const units = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 70 }) },
  { weight: 1, arbitrary: fc.integer({ min: 115, max: 125 }) },
  { weight: 1, arbitrary: fc.integer({ min: DEPTH_BLOCK - 5, max: DEPTH_BLOCK + 5 }) },
);
const seed = fc.nat();

/** What a group's networks ask for, and are. */
const anyGroup = fc.record({
  inputs: units,
  networks: fc.array(
    fc.record({
      hidden: fc.array(units, { maxLength: 2 }),
      momentum: fc.boolean(),
      dropout: fc.boolean(),
      gradients: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  batchSize: fc.integer({ min: 1, max: 17 }),
  precision: fc.constantFrom(...PRECISIONS),
  specialShare: fc.constantFrom(0, 0, 0.02, 0.3),
});

function hiddenOf({ layers }: NetworkShape): readonly number[] {
  return layers.slice(1, -1);
}

/** Some units of each layer of each row, and now and then all or none. */
function anyDropout(shape: NetworkShape, draws: () => number): Dropout {
  const share = [0, 0.3, 0.5, 0.5, 0.8, 1][Math.floor(draws() * 6)]!;
  return {
    scale: share < 1 ? 1 / (1 - share) : 1,
    kept: hiddenOf(shape).map((count) =>
      Uint8Array.from({ length: shape.batchSize * count }, () => (draws() >= share ? 1 : 0)),
    ),
  };
}

function openGroup(
  kernel: Kernel,
  memory: NodeMemory,
  shapes: readonly NetworkShape[],
  statistics: { mean: Float64Array; deviation: Float64Array },
  parameters: readonly (readonly LayerParameters[])[],
): NetworkGroup {
  const group = kernel.open(shapes, memory.allocate(kernel.workspaceBytes(shapes)));
  group.setNormalisation(statistics.mean, statistics.deviation);
  group.networks.forEach((network, index) => network.setParameters(parameters[index]!));
  return group;
}

function named(layers: readonly LayerParameters[]): Record<string, Float32Array | Float64Array> {
  return Object.fromEntries(
    layers.flatMap(({ weights, bias }, layer) => [
      [`W${layer + 1}`, weights],
      [`b${layer + 1}`, bias],
    ]),
  );
}

/** Places of all parameters of a network. */
function everyParameter(shape: NetworkShape): [layer: number, tensor: ParameterTensor, index: number][] {
  return shape.layers
    .slice(1)
    .flatMap((outputs, layer) =>
      TENSORS.flatMap((tensor) =>
        Array.from(
          { length: tensor === 'bias' ? outputs : outputs * shape.layers[layer]! },
          (_, index): [number, ParameterTensor, number] => [layer, tensor, index],
        ),
      ),
    );
}

/** A network of its own with records, ready for a mini-batch. */
function openOne(kernel: Kernel, own: NodeMemory, shape: NetworkShape, seedOfRun: number) {
  const records = 40;
  const data = randomRecords(own, seedOfRun, shape, records);
  const parameters = randomParameters(shape, seedOfRun);
  const group = openGroup(kernel, own, [shape], recordStatistics(own.memory, data, records), [parameters]);
  const rows = Uint32Array.from({ length: 8 * shape.batchSize }, (_, i) => (i * 31 + 5) % records);
  return { group, network: group.networks[0]!, data, rows, parameters };
}

describe.each(BACKENDS)('kernel $label', ({ open }) => {
  const memory = new NodeMemory();
  const kernel = open(memory.memory);

  it('gives the bits of the reference, whichever networks of a group have momentum and dropout', () => {
    fc.assert(
      fc.property(anyGroup, fc.integer({ min: 0, max: 4 }), seed, (of, steps, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const { batchSize, precision } = of;
        const shapes = of.networks.map(({ hidden, ...asked }, network): NetworkShape => {
          return { layers: [of.inputs, ...hidden, 3 + network], batchSize, precision, ...asked };
        });
        const records = 60;
        const data = randomRecords(own, seedOfRun, { layers: [of.inputs, 3], batchSize, precision }, records);
        const statistics = recordStatistics(own.memory, data, records);
        const parameters = shapes.map((shape, network) =>
          randomParameters(shape, seedOfRun + network, (draws) =>
            draws.next() < of.specialShare ? SPECIAL[Math.floor(draws.next() * SPECIAL.length)] : undefined,
          ),
        );
        const [expected, actual] = [referenceKernel(own.memory), kernel].map((each) =>
          openGroup(each, own, shapes, statistics, parameters),
        );
        const rows = Uint32Array.from({ length: 6 * batchSize }, (_, i) => (i * 31) % records);
        const draws = generator(seedOfRun, 'steps');
        const draw = () => draws.next();
        const dropoutOf = (shape: NetworkShape) =>
          shape.dropout === true && draw() < 0.8 ? anyDropout(shape, draw) : undefined;

        for (let turn = 0; turn < steps; turn++) {
          const step = shapes.flatMap((shape, network): NetworkStep[] => {
            if (draw() < 0.2) return [];
            const dropout = dropoutOf(shape);
            const momentum = shape.momentum === true && draw() < 0.8 ? { momentum: draw() } : {};
            const lambda = draw() < 0.3 ? 0 : draw() * 0.1;
            return [{ network, eta: draw(), lambda, ...momentum, ...(dropout === undefined ? {} : { dropout }) }];
          });
          if (draw() < 0.5) step.reverse();
          for (const group of [expected!, actual!]) group.trainStep(data, rows, turn * batchSize, step);
        }

        const answers = (group: NetworkGroup, dropouts: readonly (Dropout | undefined)[]) => {
          const first = 5 * batchSize;
          const all = shapes.map((_, network) => network);
          return [
            ...shapes.map((shape, network) => ({
              ...(shape.gradients === true
                ? named(group.gradients(data, rows, first, network, dropouts[network]))
                : {}),
              dropped: Float64Array.from(group.batchLoss(data, rows, first, [network], dropouts[network])),
            })),
            { together: Float64Array.from(group.batchLoss(data, rows, first, all.toReversed())) },
            ...group.networks.map((network) => named(network.parameters())),
            {
              evaluations: Float64Array.from(
                group.evaluate(data, 3, 50, all).flatMap(({ lossSum, correct }) => [lossSum, correct]),
              ),
            },
          ] as Record<string, Float32Array | Float64Array>[];
        };
        const dropouts = shapes.map(dropoutOf);
        const right = answers(expected!, dropouts);
        answers(actual!, dropouts).forEach((answer, index) => {
          expect(differences(right[index]!, answer)).toEqual([]);
        });
      }),
      { numRuns: 120 },
    );
  });

  it.each(PRECISIONS)('steps as the formulas say, from the gradients that it tells: %s', (precision) => {
    const shapes = fc.record({
      layers: fc
        .tuple(units, fc.array(units, { maxLength: 2 }), fc.integer({ min: 2, max: 12 }))
        .map(([inputs, hidden, classes]) => [inputs, ...hidden, classes]),
      batchSize: fc.integer({ min: 1, max: 17 }),
    });
    fc.assert(
      fc.property(shapes, fc.boolean(), fc.boolean(), seed, (size, hasMomentum, hasDropout, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const shape: NetworkShape = { ...size, precision, momentum: true, dropout: true, gradients: true };
        const { group, network, data, rows } = openOne(kernel, own, shape, seedOfRun);
        const round = rounding(precision);
        const draws = generator(seedOfRun, 'formulas');
        const zero = (layers: readonly LayerParameters[]) =>
          layers.map(({ weights, bias }) => ({ weights: weights.map(() => 0), bias: bias.map(() => 0) }));
        const velocities = zero(network.parameters());

        for (let turn = 0; turn < 4; turn++) {
          const first = turn * shape.batchSize;
          const [eta, lambda, mu] = [draws.next(), draws.next() * 0.1, draws.next()];
          const dropout = hasDropout ? anyDropout(shape, () => draws.next()) : undefined;
          const gradients = group.gradients(data, rows, first, 0, dropout);
          const before = network.parameters();
          const expected = before.map(({ weights, bias }, layer) => {
            const { weights: dW, bias: db } = gradients[layer]!;
            const { weights: V, bias: v } = velocities[layer]!;
            if (!hasMomentum) {
              const c = round(1 - 2 * eta * lambda);
              return {
                weights: weights.map((w, i) => round(round(c * w) - round(round(eta) * dW[i]!))),
                bias: bias.map((b, j) => round(b - round(round(eta) * db[j]!))),
              };
            }
            weights.forEach((w, i) => {
              V[i] = round(round(round(round(mu) * V[i]!) + dW[i]!) + round(round(2 * lambda) * w));
            });
            bias.forEach((_, j) => (v[j] = round(round(round(mu) * v[j]!) + db[j]!)));
            return {
              weights: weights.map((w, i) => round(w - round(round(eta) * V[i]!))),
              bias: bias.map((b, j) => round(b - round(round(eta) * v[j]!))),
            };
          });
          group.trainStep(data, rows, first, [
            { network: 0, eta, lambda, ...(hasMomentum ? { momentum: mu } : {}), ...(dropout && { dropout }) },
          ]);
          expect(differences(named(expected), named(network.parameters()))).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    { layers: [7, 5, 3], dropout: false },
    { layers: [7, 6, 3], dropout: true },
    { layers: [9, 6, 4, 5], dropout: false },
    { layers: [9, 8, 6, 5], dropout: true },
    { layers: [4, 3], dropout: false },
  ])('tells gradients that central differences of the loss confirm: $layers, dropout $dropout', (of) => {
    const own = new NodeMemory(memory.memory);
    const shape: NetworkShape = {
      layers: of.layers,
      batchSize: 9,
      precision: 'float64',
      dropout: true,
      gradients: true,
    };
    const { group, network, data, rows, parameters } = openOne(kernel, own, shape, 6);
    const draws = generator(8, 'dropout');
    const mask = hiddenOf(shape).map((count) =>
      Uint8Array.from({ length: 9 * count }, () => (draws.next() >= 0.4 ? 1 : 0)),
    );
    const dropout = of.dropout ? { scale: 1 / 0.6, kept: mask } : undefined;
    const gradients = group.gradients(data, rows, 9, 0, dropout);
    const loss = () => group.batchLoss(data, rows, 9, [0], dropout)[0]! / 9;

    const h = 1e-5;
    let largest = 0;
    for (const [layer, tensor, index] of everyParameter(shape)) {
      const value = network.parameter(layer, tensor, index);
      const at = (changed: number): number => {
        network.setParameter(layer, tensor, index, changed);
        return loss();
      };
      const numeric = (at(value + h) - at(value - h)) / (2 * h);
      network.setParameter(layer, tensor, index, value);
      // Differences of fourth order in h, and of rounding over h: both near 1e-10.
      expect(Math.abs(gradients[layer]![tensor][index]! - numeric)).toBeLessThan(2e-9);
      largest = Math.max(largest, Math.abs(numeric));
    }
    expect(largest).toBeGreaterThan(0.1);
    expect(differences(named(parameters), named(network.parameters()))).toEqual([]);
  });

  it.each(PRECISIONS)('drops units as weights behind them that are 0, and doubles those it keeps: %s', (precision) => {
    const own = new NodeMemory(memory.memory);
    const [inputs, hidden, classes] = [70, 37, 10] as const;
    const shape: NetworkShape = {
      layers: [inputs, hidden, classes],
      batchSize: 13,
      precision,
      dropout: true,
      gradients: true,
    };
    const { group, network, data, rows, parameters } = openOne(kernel, own, shape, 4);
    // The same units for every row, and a scale of 2: then all products are doubled, and no rounding differs.
    const keeps = (unit: number) => unit % 3 !== 1;
    const kept = Uint8Array.from({ length: 13 * hidden }, (_, i) => (keeps(i % hidden) ? 1 : 0));
    const dropout = { scale: 2, kept: [kept] };
    const [loss] = group.batchLoss(data, rows, 3, [0], dropout);
    const [first, last] = group.gradients(data, rows, 3, 0, dropout);

    const factor = (i: number) => (keeps(Math.floor(i / classes)) ? 2 : 0);
    network.setParameters([
      parameters[0]!,
      { weights: parameters[1]!.weights.map((w, i) => w * factor(i)), bias: parameters[1]!.bias },
    ]);
    const [firstOf, lastOf] = group.gradients(data, rows, 3, 0);
    expect(loss).toBe(group.batchLoss(data, rows, 3, [0])[0]);
    expect(differences(named([firstOf!]), named([first!]))).toEqual([]);
    // A sum from 0 is never -0, which a negative number times 0 would be.
    const scaled = { weights: lastOf!.weights.map((g, i) => (factor(i) === 0 ? 0 : g * 2)), bias: lastOf!.bias };
    expect(differences(named([scaled]), named([last!]))).toEqual([]);
    expect(first!.weights.some((g) => g !== 0)).toBe(true);
  });

  it("tells a mini-batch's loss as evaluating the same records does", () => {
    const own = new NodeMemory(memory.memory);
    for (const precision of PRECISIONS) {
      const shape: NetworkShape = { layers: [30, 12, 4], batchSize: 20, precision };
      const { group, data } = openOne(kernel, own, shape, 2);
      const inOrder = Uint32Array.from({ length: 40 }, (_, i) => i);
      expect(group.batchLoss(data, inOrder, 11, [0])).toEqual([group.evaluate(data, 11, 20, [0])[0]!.lossSum]);
    }
  });

  it('reads and sets single parameters, by their logical order, rounded to the precision', () => {
    fc.assert(
      fc.property(
        fc.array(units, { minLength: 2, maxLength: 4 }),
        fc.constantFrom(...PRECISIONS),
        (layers, precision) => {
          const own = new NodeMemory(memory.memory);
          const shape: NetworkShape = { layers, batchSize: 2, precision };
          const parameters = randomParameters(shape, 3);
          const statistics = { mean: new Float64Array(layers[0]!), deviation: new Float64Array(layers[0]!).fill(1) };
          const network = openGroup(kernel, own, [shape], statistics, [parameters]).networks[0]!;
          const places = everyParameter(shape);
          for (let i = 0; i < places.length; i += 1 + Math.floor(places.length / 50)) {
            const [layer, tensor, index] = places[i]!;
            expect(network.parameter(layer, tensor, index)).toBe(parameters[layer]![tensor][index]);
            network.setParameter(layer, tensor, index, 1 / (3 + i));
            parameters[layer]![tensor][index] = 1 / (3 + i);
          }
          expect(differences(named(parameters), named(network.parameters()))).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('starts anew with velocities of 0 when parameters are set', () => {
    const own = new NodeMemory(memory.memory);
    const shape: NetworkShape = { layers: [20, 6, 3], batchSize: 5, precision: 'float32', momentum: true };
    const { group, network, data, rows, parameters } = openOne(kernel, own, shape, 9);
    const run = () => {
      network.setParameters(parameters);
      for (let turn = 0; turn < 3; turn++) {
        group.trainStep(data, rows, 5 * turn, [{ network: 0, eta: 0.1, lambda: 0.01, momentum: 0.9 }]);
      }
      return named(network.parameters());
    };
    const first = run();
    expect(differences(first, run())).toEqual([]);
    // Without momentum it goes elsewhere: the velocities are of account.
    group.trainStep(data, rows, 0, [{ network: 0, eta: 0.1, lambda: 0.01 }]);
    expect(differences(first, named(network.parameters())).length).toBeGreaterThan(0);
  });

  it('leaves parameters and velocities as they are when it is asked for gradients, losses and evaluations', () => {
    const own = new NodeMemory(memory.memory);
    const asked = { momentum: true, dropout: true, gradients: true };
    const shape: NetworkShape = { layers: [33, 9, 7, 4], batchSize: 6, precision: 'float32', ...asked };
    const step = (turn: number): NetworkStep => ({ network: 0, eta: 0.1, lambda: 0.01, momentum: 0.5 + turn / 10 });
    const run = (
      between: (group: NetworkGroup, data: ReturnType<typeof openOne>['data'], rows: Uint32Array) => void,
    ) => {
      const { group, network, data, rows } = openOne(kernel, own, shape, 7);
      for (let turn = 0; turn < 4; turn++) {
        group.trainStep(data, rows, 6 * turn, [step(turn)]);
        between(group, data, rows);
      }
      return named(network.parameters());
    };
    const dropout = anyDropout(shape, () => 0.45);
    const undisturbed = run(() => {});
    const disturbed = run((group, data, rows) => {
      group.gradients(data, rows, 12, 0, dropout);
      group.batchLoss(data, rows, 6, [0], dropout);
      group.evaluate(data, 2, 30, [0]);
    });
    expect(differences(undisturbed, disturbed)).toEqual([]);
  });

  it('touches no memory but its workspace', () => {
    fc.assert(
      fc.property(anyGroup, seed, (of, seedOfRun) => {
        const own = new NodeMemory(memory.memory);
        const { batchSize, precision } = of;
        const shapes = of.networks.map(({ hidden, ...asked }): NetworkShape => {
          return { layers: [of.inputs, ...hidden, 3], batchSize, precision, ...asked };
        });
        const data = randomRecords(own, seedOfRun, shapes[0]!, 40);
        const before = own.allocate(4096);
        const bytes = kernel.workspaceBytes(shapes);
        const workspace = own.allocate(bytes);
        const after = own.allocate(4096);
        const everything = new Uint8Array(memory.memory.buffer);
        for (const region of [before, workspace, after]) {
          everything.fill(0xa5, region.offset, region.offset + region.bytes);
        }
        const end = after.offset + after.bytes;
        const outside = () => [everything.slice(0, workspace.offset), everything.slice(workspace.offset + bytes, end)];
        const expected = outside();

        const group = kernel.open(shapes, workspace);
        const { mean, deviation } = recordStatistics(own.memory, data, 40);
        group.setNormalisation(mean, deviation);
        const draws = generator(seedOfRun, 'dropout');
        shapes.forEach((shape, network) => {
          group.networks[network]!.setParameters(randomParameters(shape, seedOfRun));
          const dropout = shape.dropout === true ? { dropout: anyDropout(shape, () => draws.next()) } : {};
          const momentum = shape.momentum === true ? { momentum: 0.9 } : {};
          const rows = Uint32Array.from({ length: batchSize }, (_, i) => i);
          group.trainStep(data, rows, 0, [{ network, eta: 0.1, lambda: 0.1, ...momentum, ...dropout }]);
          if (shape.gradients === true) group.gradients(data, rows, 0, network, dropout.dropout);
          group.batchLoss(data, rows, 0, [network], dropout.dropout);
        });

        expect(outside().every((part, i) => Buffer.compare(part, expected[i]!) === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what a network has no room for', () => {
    const own = new NodeMemory(memory.memory);
    const shape: NetworkShape = { layers: [5, 4, 3], batchSize: 2, precision: 'float32' };
    const { group, data, rows } = openOne(kernel, own, shape, 1);
    const step = { network: 0, eta: 0.1, lambda: 0 };
    const dropout = { scale: 2, kept: [new Uint8Array(8)] };
    const does = (what: string) => `the network's shape does not ask for ${what}`;
    expect(() => group.trainStep(data, rows, 0, [{ ...step, momentum: 0.9 }])).toThrow(does('momentum'));
    expect(() => group.trainStep(data, rows, 0, [{ ...step, dropout }])).toThrow(does('dropout'));
    expect(() => group.gradients(data, rows, 0, 0)).toThrow(does('gradients'));
    expect(() => group.batchLoss(data, rows, 0, [0], dropout)).toThrow(does('dropout'));

    const roomy = openOne(kernel, own, { ...shape, dropout: true }, 1);
    for (const kept of [[], [new Uint8Array(7)], [new Uint8Array(9)]]) {
      expect(() => roomy.group.batchLoss(roomy.data, rows, 0, [0], { scale: 2, kept })).toThrow(
        /^dropout of hidden layer 1 is of \d units, not of 2 x 4$/,
      );
    }
  });

  it('gives the bits that every other engine gives: a seeded run with momentum and dropout, step by step', () => {
    const own = new NodeMemory(memory.memory);
    const run = (precision: Precision) => {
      const layers = [19, 13, 9, 6];
      const shape: NetworkShape = { layers, batchSize: 7, precision, momentum: true, dropout: true, gradients: true };
      const data = randomRecords(own, 42, shape, 90);
      const statistics = recordStatistics(own.memory, data, 70);
      const group = openGroup(kernel, own, [shape], statistics, [initialParameters(42, layers, precision)]);
      const draws = generator(42, 'dropout');
      let dropout: Dropout | undefined;
      for (let epoch = 1; epoch <= 5; epoch++) {
        const rows = batchOrder(42, epoch, 70);
        for (let step = 0; step < 10; step++) {
          dropout = anyDropout(shape, () => draws.next());
          const eta = 0.003 * (step + 1);
          group.trainStep(data, rows, step * 7, [{ network: 0, eta, lambda: 0.003, momentum: 0.9, dropout }]);
        }
      }
      const parameters = group.networks[0]!.parameters();
      const gradients = group.gradients(data, batchOrder(42, 6, 70), 0, 0, dropout);
      return {
        parameters,
        gradients,
        losses: bits(group.batchLoss(data, batchOrder(42, 6, 70), 7, [0], dropout)),
      };
    };
    const single = run('float32');
    expect(weightsDigest(networkTensors(single.parameters))).toBe(
      '98d6f8d91e753f34802d223bf45307957ac7cd2a7c03f5adb30443ffc4fc2ce4',
    );
    expect(weightsDigest(networkTensors(single.gradients))).toBe(
      'a1723f6046652eccf0ec09c6a6f44695097207b1a2c213ed34869ec5f06af2a3',
    );
    expect([...single.losses, ...run('float64').losses]).toEqual(['40252801af0fec11', '402528019fef43b4']);
  });
});
