import type { Kernel, NetworkShape, RecordsRegion } from '../../worker/kernel/kernel.js';
import type { NodeMemory } from '../../worker/kernel/memory.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { spread, type Spread } from './measure.js';

/** Update steps of any networks, timed one by one. */

/** More bytes of CIFAR-10's size than a cache holds, visited in scattered order, as in training. */
const RECORDS = 10_000;
/** Not timed: the first touch of the memory, and the engine's compiling. */
const WARM_UP_STEPS = 20;

/** The paper's network; with float32 and mini-batches of 100 unless said otherwise. */
export function paperShape(changes: Partial<NetworkShape> = {}): NetworkShape {
  return { layers: [3072, 50, 10], batchSize: 100, precision: 'float32', ...changes };
}

/** Operations of a step's products: forward, by the weights, and for all layers but the first by the inputs. */
export function productFlop({ layers, batchSize }: NetworkShape): number {
  return layers.slice(1).reduce((flop, outputs, layer) => {
    const product = 2 * batchSize * (layers[layer] as number) * outputs;
    return flop + product * (layer === 0 ? 2 : 3);
  }, 0);
}

/**
 * Milliseconds per step of networks side by side, gathering included.
 *
 * @param budgetMs how long to go on; at least five steps are timed
 */
export function timeSteps(
  kernel: Kernel,
  memory: NodeMemory,
  shapes: readonly NetworkShape[],
  budgetMs: number,
): Spread {
  const [{ layers, batchSize }] = shapes as [NetworkShape];
  const records = madeUpRecords(memory, layers[0] as number, layers.at(-1) as number);
  const workspace = memory.allocate(kernel.workspaceBytes(shapes));
  const group = kernel.open(shapes, workspace);
  const inputs = layers[0] as number;
  group.setNormalisation(new Float64Array(inputs).fill(127.5), new Float64Array(inputs).fill(74));
  for (const [i, shape] of shapes.entries()) {
    group.networks[i]?.setParameters(initialParameters(i, shape.layers, shape.precision));
  }
  const rows = Uint32Array.from({ length: RECORDS }, (_, i) => (i * 7919) % RECORDS);
  const steps = shapes.map((_, network) => ({ network, eta: 0.01, lambda: 0.001 }));
  const batches = Math.floor(RECORDS / batchSize);
  const times: number[] = [];
  const begin = performance.now();
  for (let step = 0; times.length < 5 || performance.now() - begin < budgetMs; step++) {
    const start = performance.now();
    group.trainStep(records, rows, (step % batches) * batchSize, steps);
    if (step >= WARM_UP_STEPS || performance.now() - begin > budgetMs) times.push(performance.now() - start);
  }
  for (const region of [workspace, records.images, records.labels]) memory.release(region);
  return spread(times);
}

function madeUpRecords(memory: NodeMemory, inputs: number, classes: number): RecordsRegion {
  const records = {
    images: memory.allocate(RECORDS * inputs),
    labels: memory.allocate(RECORDS),
    records: RECORDS,
    inputs,
  };
  const bytes = new Uint8Array(memory.memory.buffer, records.images.offset, RECORDS * inputs);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2_654_435_761) >>> 24;
  new Uint8Array(memory.memory.buffer, records.labels.offset, RECORDS).forEach((_, i, all) => (all[i] = i % classes));
  return records;
}
