import { createHash, type Hash } from 'node:crypto';
import type {
  Dropout,
  Kernel,
  LayerParameters,
  NetworkGroup,
  NetworkShape,
  NetworkStep,
  Precision,
  RecordsRegion,
} from './kernel.js';
import { madeUpRecords } from './made-up-records.js';
import { NodeMemory } from './memory.js';

/*
 * Whether a backend gives the bits of docs/numerics.md on this very machine: a few milliseconds of training and evaluating, in two
 * parts, and a digest over all that comes of each.
 */

/**
 * What the reference computes: of plain steps and evaluations, and of steps with momentum and dropout, gradients and losses. A test
 * computes them anew. They belong to the numerics version.
 */
export const SELF_TEST_DIGESTS: Record<Part, string> = {
  plain: 'd2be2a8476e15a1c92375a3ae0a82eb5f8fade08fcf0fecc9ffb74a01cc0502e',
  further: '582a1d8d912286d44052150a1ed79a5143ec5e888e9284a745adc6e724e5ad56',
};

type Part = 'plain' | 'further';
const PARTS: readonly Part[] = ['plain', 'further'];

interface Case {
  /** Layers of each network of the group. */
  networks: readonly (readonly number[])[];
  batchSize: number;
  /** Of a plain case, more than a block that is evaluated at a time. */
  records: number;
  steps: number;
}

/** Networks more than a block of inputs wide, with full tiles and full vectors as well as their remainders in every direction. */
const WIDE: Case = {
  networks: [
    [277, 13, 10],
    [277, 4],
  ],
  batchSize: 75,
  records: 107,
  steps: 4,
};

/** Small deep networks, for numbers that are not ordinary. None of the sizes is a multiple of a vector. */
const SMALL: Case = {
  networks: [
    [21, 19, 7, 5],
    [21, 6, 11],
    [21, 18, 10],
    [21, 5, 4],
    [21, 8, 3],
    [21, 8, 9],
  ],
  batchSize: 13,
  records: 99,
  steps: 4,
};

/** Wider than two vectors of any kind, with remainders; and the small ones once more. What they add goes element by element. */
const FURTHER: readonly Case[] = [
  {
    networks: [[45, 37, 10]],
    batchSize: 21,
    records: 41,
    steps: 3,
  },
  { ...SMALL, steps: 3 },
];

const CASES: Record<Part, readonly Case[]> = { plain: [WIDE, SMALL], further: FURTHER };

const PRECISIONS: readonly Precision[] = ['float32', 'float64'];

/** Subnormal numbers and zeros of both signs, by precision: what is lost when a processor flushes them. */
const TINY = { float32: [1e-40, -1e-44, 0, -0, -3e-39], float64: [1e-310, -5e-324, 0, -0, -3e-309] };
/** Its bits in digests. */
const CANONICAL_NAN = 0x7ff8000000000000n;
const HUGE = { float32: 3e38, float64: 1.5e308 };
/** A score that makes a class's probability, beside scores near 0, a subnormal number. */
const HOPELESS = { float32: -95, float64: -720 };

/**
 * What is wrong with a backend on this machine, as half a sentence; undefined when it gives the right bits. It works in a memory
 * of its own.
 */
export function selfTestFault(open: (memory: WebAssembly.Memory) => Kernel): string | undefined {
  const memory = new NodeMemory();
  try {
    const kernel = open(memory.memory);
    const isRight = PARTS.every((part) => selfTestDigest(part, kernel, memory) === SELF_TEST_DIGESTS[part]);
    return isRight ? undefined : 'it gives other bits than the reference';
  } catch (error) {
    return `it stops with ${String(error)}`;
  }
}

/** @returns SHA-256 over all parameters, evaluations, gradients and losses of the cases, every NaN in one form */
export function selfTestDigest(part: Part, kernel: Kernel, memory: NodeMemory): string {
  const hash = createHash('sha256');
  for (const precision of PRECISIONS) {
    for (const each of CASES[part]) runCase(each, part, precision, kernel, memory, hash);
  }
  return hash.digest('hex');
}

function runCase(
  { networks, batchSize, records: count, steps }: Case,
  part: Part,
  precision: Precision,
  kernel: Kernel,
  memory: NodeMemory,
  hash: Hash,
): void {
  const asked = part === 'further' ? { momentum: true, dropout: true, gradients: true } : {};
  const shapes = networks.map((layers): NetworkShape => ({ layers, batchSize, precision, ...asked }));
  const inputs = (networks[0] as readonly number[])[0] as number;
  const draw = drawsOf(inputs);
  const records = madeUpRecords(memory, inputs, count, (i) => (i * 5) % 3); // classes that every network has
  const workspace = memory.allocate(kernel.workspaceBytes(shapes));
  const group = kernel.open(shapes, workspace);
  group.setNormalisation(
    Float64Array.from({ length: inputs }, () => 60 + 30 * draw()),
    Float64Array.from({ length: inputs }, () => 74 + 20 * draw()),
  );
  for (const [index, shape] of shapes.entries()) {
    group.networks[index]?.setParameters(parametersOf(shape, index, draw));
  }

  if (part === 'plain') addState(group, records, hash);
  const rows = Uint32Array.from({ length: steps * batchSize }, (_, i) => (i * 31) % count);
  for (let step = 0; step < steps; step++) {
    const first = step * batchSize;
    if (part === 'plain') {
      group.trainStep(records, rows, first, stepsOf(shapes.length, step));
      if (step >= steps - 2) addState(group, records, hash);
    } else {
      const dropouts = shapes.map((shape) => dropoutOf(shape, draw));
      if (step === 0) addGradients(group, records, rows, dropouts, hash);
      group.trainStep(records, rows, first, furtherStepsOf(dropouts, step));
      for (const network of group.networks) addParameters(network.parameters(), hash);
    }
  }
  for (const region of [workspace, records.images, records.labels]) memory.release(region);
}

/**
 * Every network in even steps, whose rates take the former weights away, so that each last digit of a gradient shows; in odd ones all
 * but the first, the last of them first.
 */
function stepsOf(networks: number, step: number): NetworkStep[] {
  const all = Array.from({ length: networks }, (_, network) => network);
  if (step % 2 === 0) return all.map((network) => ({ network, eta: 0.5, lambda: 1 }));
  return all
    .slice(1)
    .toReversed()
    .map((network) => ({ network, eta: 0.05 + network / 70, lambda: network / 900 }));
}

/**
 * Every network, along its velocity. Even steps have no penalty, and rates that make the former weights small beside the
 * velocity, so that its last digits show; odd ones have a penalty, and no dropout in all but the first.
 */
function furtherStepsOf(dropouts: readonly Dropout[], step: number): NetworkStep[] {
  return dropouts.map((dropout, network) => {
    const momentum = 0.9 - network / 30;
    if (step % 2 === 0) return { network, eta: 4, lambda: 0, momentum, dropout };
    const along = { network, eta: 0.3, lambda: 0.2 + network / 70, momentum };
    return network === 0 ? { ...along, dropout } : along;
  });
}

/** Some two of five units dropped; the middle one, which is NaN in one of the networks, in every row: NaN times 0 is NaN. */
function dropoutOf({ layers, batchSize }: NetworkShape, draw: () => number): Dropout {
  const isKept = (unit: number, units: number) => unit !== units >> 1 && draw() < 0.2;
  const kept = layers
    .slice(1, -1)
    .map((units) => Uint8Array.from({ length: batchSize * units }, (_, i) => (isKept(i % units, units) ? 1 : 0)));
  return { scale: 1 / 0.6, kept };
}

/** Each network's gradients with dropout, and its loss, alone; then all losses without. */
function addGradients(
  group: NetworkGroup,
  records: RecordsRegion,
  rows: Uint32Array,
  dropouts: readonly Dropout[],
  hash: Hash,
): void {
  const networks = group.networks.map((_, network) => network);
  for (const network of networks) {
    addParameters(group.gradients(records, rows, 0, network, dropouts[network]), hash);
    addNumbers(group.batchLoss(records, rows, 0, [network], dropouts[network]), hash);
  }
  addNumbers(group.batchLoss(records, rows, 0, networks), hash);
}

function addState(group: NetworkGroup, records: RecordsRegion, hash: Hash): void {
  // The last network first; all records but the first, and a few, whose losses hide less of each other.
  const networks = group.networks.map((_, network) => network).toReversed();
  for (const count of [records.records - 1, 3]) {
    for (const { lossSum, correct } of group.evaluate(records, 1, count, networks)) {
      addNumbers([lossSum, correct], hash);
    }
  }
  for (const network of group.networks) {
    addNumbers([network.sumSquaredWeights()], hash);
    addParameters(network.parameters(), hash);
  }
}

function addParameters(layers: readonly LayerParameters[], hash: Hash): void {
  for (const { weights, bias } of layers) {
    addNumbers(weights, hash);
    addNumbers(bias, hash);
  }
}

/** Numbers of either precision by their float64 bits; a NaN's sign and payload are of no account. */
function addNumbers(numbers: ArrayLike<number>, hash: Hash): void {
  const values = new Float64Array(numbers);
  if (values.includes(NaN)) {
    const bits = new BigUint64Array(values.buffer);
    for (let i = 0; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_NAN;
  }
  hash.update(values);
}

/** Weights as training has them, and by the network's place in its group some that put the corners of the contract to the test. */
function parametersOf({ layers, precision }: NetworkShape, place: number, draw: () => number): LayerParameters[] {
  const Values = precision === 'float32' ? Float32Array : Float64Array;
  return layers.slice(1).map((outputs, layer) => {
    const inputs = layers[layer] as number;
    const size = 3 / Math.sqrt(inputs);
    // More positive than not: units that are 0 hide their last digits, and so do biases that are larger than what they are added to.
    const weights = new Values(inputs * outputs).map(() => size * (draw() + 0.25));
    const bias = new Values(outputs);
    const isLast = layer === layers.length - 2;
    if (place === 1 && isLast) {
      // Scores that differ by hundreds: exp's whole range, its subnormal results included.
      weights.forEach((value, i) => (weights[i] = value * 60));
    } else if (place === 2) {
      // Tiny weights, and scores that are equal: the first of the largest counts.
      weights.forEach((_, i) => (weights[i] = TINY[precision][i % TINY[precision].length] as number));
      bias.fill(layer === 0 ? -0 : 0.25);
    } else if (place === 3) {
      // Sums that overflow, and by that infinities of both signs and NaN.
      weights.forEach((value, i) => (weights[i] = i % 7 === 0 ? Math.sign(value) * HUGE[precision] : value));
    } else if (place === 4 && !isLast) {
      bias[outputs >> 1] = NaN;
    } else if (place === 5 && isLast) {
      bias[outputs - 1] = HOPELESS[precision];
      for (let i = outputs - 1; i < weights.length; i += outputs) weights[i] = 0;
    } else {
      bias.forEach((_, i) => (bias[i] = size * draw() * (isLast ? 0.1 : 0.01)));
    }
    return { weights, bias };
  });
}

/** Numbers in [-1, 1) that need no more than whole numbers: xorshift32 (Marsaglia 2003). */
function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 0x80000000;
  };
}
