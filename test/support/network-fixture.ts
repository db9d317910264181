import { generator, type Generator } from '../../proto/seed.js';
import type {
  Kernel,
  Evaluation,
  LayerParameters,
  Network,
  NetworkShape,
  RecordsRegion,
} from '../../worker/kernel/kernel.js';
import type { NodeMemory } from '../../worker/kernel/memory.js';

/** Puts records into the memory: images [records, inputs], one label a record. */
export function placeRecords(
  memory: NodeMemory,
  inputs: number,
  images: ArrayLike<number>,
  labels: ArrayLike<number>,
): RecordsRegion {
  const records = labels.length;
  const region = { images: memory.allocate(images.length), labels: memory.allocate(records), records, inputs };
  new Uint8Array(memory.memory.buffer, region.images.offset, images.length).set(images);
  new Uint8Array(memory.memory.buffer, region.labels.offset, records).set(labels);
  return region;
}

/** Random bytes and labels of a seed. */
export function randomRecords(memory: NodeMemory, seed: number, shape: NetworkShape, records: number): RecordsRegion {
  const draws = generator(seed, 'records');
  const inputs = shape.layers[0]!;
  const classes = shape.layers.at(-1)!;
  const draw = (count: number, end: number) => Uint8Array.from({ length: count }, () => Math.floor(draws.next() * end));
  return placeRecords(memory, inputs, draw(records * inputs, 256), draw(records, classes));
}

/** Parameters of a size that keeps units alive; `special` now and then puts another number in their place. */
export function randomParameters(
  shape: NetworkShape,
  seed: number,
  special?: (draws: Generator) => number | undefined,
): LayerParameters[] {
  const draws = generator(seed, 'parameters');
  const draw = (size: number) => special?.(draws) ?? (draws.double() - 0.5) * size;
  return shape.layers.slice(1).map((outputs, index) => {
    const inputs = shape.layers[index]!;
    const size = 3 / Math.sqrt(inputs);
    return {
      weights: valuesOf(shape, inputs * outputs, () => draw(size)),
      bias: valuesOf(shape, outputs, () => draw(size)),
    };
  });
}

function valuesOf({ precision }: NetworkShape, length: number, draw: () => number): Float32Array | Float64Array {
  const values = precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = draw();
  return values;
}

export interface NetworkSetting {
  mean: Float64Array;
  deviation: Float64Array;
  parameters: readonly LayerParameters[];
}

/** A group of one. */
export interface SingleNetwork extends Network {
  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, eta: number, lambda: number): void;
  evaluate(records: RecordsRegion, first: number, count: number): Evaluation;
}

export function openNetwork(
  kernel: Kernel,
  memory: NodeMemory,
  shape: NetworkShape,
  setting: NetworkSetting,
): SingleNetwork {
  const group = kernel.open([shape], memory.allocate(kernel.workspaceBytes([shape])));
  const network = group.networks[0]!;
  group.setNormalisation(setting.mean, setting.deviation);
  network.setParameters(setting.parameters);
  return {
    setParameters: (layers) => network.setParameters(layers),
    parameters: () => network.parameters(),
    parameter: (layer, tensor, index) => network.parameter(layer, tensor, index),
    setParameter: (layer, tensor, index, value) => network.setParameter(layer, tensor, index, value),
    sumSquaredWeights: () => network.sumSquaredWeights(),
    trainStep: (records, rows, first, eta, lambda) =>
      group.trainStep(records, rows, first, [{ network: 0, eta, lambda }]),
    evaluate: (records, first, count) => group.evaluate(records, first, count, [0])[0]!,
  };
}

/** The numbers' bits in hexadecimal, every NaN in one form. */
export function bits(values: Float32Array | Float64Array | readonly number[]): string[] {
  return Array.from(values, (value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value); // float32 numbers keep their identity as float64
    return Number.isNaN(value) ? 'NaN' : view.getBigUint64(0).toString(16);
  });
}

/** All numbers that a network tells about itself, by name. */
export function stateOf(
  network: SingleNetwork,
  records: RecordsRegion,
  first: number,
  count: number,
): Record<string, Float32Array | Float64Array> {
  const { lossSum, correct } = network.evaluate(records, first, count);
  return {
    ...Object.fromEntries(
      network.parameters().flatMap(({ weights, bias }, index) => [
        [`W${index + 1}`, weights],
        [`b${index + 1}`, bias],
      ]),
    ),
    evaluation: Float64Array.of(lossSum, correct),
    squares: Float64Array.of(network.sumSquaredWeights()),
  };
}

/** Where two states differ in a bit, the first few places; a diff of a whole network would take a test runner minutes. */
export function differences(expected: ReturnType<typeof stateOf>, actual: ReturnType<typeof stateOf>): string[] {
  const found: string[] = [];
  for (const [name, values] of Object.entries(expected)) {
    const others = actual[name];
    if (others?.length !== values.length) return [`${name}: ${others?.length} numbers for ${values.length}`];
    for (let i = 0; i < values.length; i++) {
      if (!Object.is(values[i], others[i])) found.push(`${name}[${i}]: ${others[i]} for ${values[i]}`);
      if (found.length === 5) return [...found, '...'];
    }
  }
  return found;
}
