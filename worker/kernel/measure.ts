import type { Kernel, NetworkShape, RecordsRegion } from './kernel.js';
import type { NodeMemory } from './memory.js';

/** The network that speeds are told for: CIFAR-10's images, 50 hidden units, mini-batches of 100. */
const SHAPE: NetworkShape = { layers: [3072, 50, 10], batchSize: 100, precision: 'float32' };
/** More bytes of records than a cache holds, as in training. */
const RECORDS = 10_000;

export interface StepTimes {
  /** Milliseconds per update step, the mini-batch's gathering included. */
  medianMs: number;
  minMs: number;
  steps: number;
}

/**
 * Times update steps of a backend on made-up records. Only this file reads a clock; no result depends on it.
 *
 * @param budgetMs how long to go on; at least three steps are timed after one that is not
 */
export function measureTrainStep(kernel: Kernel, memory: NodeMemory, budgetMs: number): StepTimes {
  const inputs = SHAPE.layers[0] as number;
  const records: RecordsRegion = {
    images: memory.allocate(RECORDS * inputs),
    labels: memory.allocate(RECORDS),
    records: RECORDS,
    inputs,
  };
  const workspace = memory.allocate(kernel.workspaceBytes([SHAPE]));
  fill(memory, records);
  const group = kernel.open([SHAPE], workspace);
  group.setNormalisation(new Float64Array(inputs).fill(127.5), new Float64Array(inputs).fill(74));
  group.networks[0]?.setParameters([
    { weights: smallWeights(inputs * 50), bias: new Float32Array(50) },
    { weights: smallWeights(50 * 10), bias: new Float32Array(10) },
  ]);

  const stepsPerEpoch = RECORDS / SHAPE.batchSize;
  // A fixed walk in large strides, as scattered as a permutation is.
  const rows = Uint32Array.from({ length: RECORDS }, (_, i) => (i * 7919) % RECORDS);
  const steps = [{ network: 0, eta: 0.01, lambda: 0.001 }];
  const times: number[] = [];
  /* oxlint-disable no-restricted-globals -- speed is what this measures; no result knows of it */
  const begin = performance.now();
  for (let step = 0; times.length < 3 || performance.now() - begin < budgetMs; step++) {
    const start = performance.now();
    group.trainStep(records, rows, (step % stepsPerEpoch) * SHAPE.batchSize, steps);
    if (step > 0) times.push(performance.now() - start);
  }
  /* oxlint-enable no-restricted-globals */
  for (const region of [workspace, records.images, records.labels]) memory.release(region);
  times.sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1] as number, minMs: times[0] as number, steps: times.length };
}

function fill(memory: NodeMemory, { images, labels, records, inputs }: RecordsRegion): void {
  const bytes = new Uint8Array(memory.memory.buffer, images.offset, records * inputs);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2_654_435_761) >>> 24;
  new Uint8Array(memory.memory.buffer, labels.offset, records).forEach((_, i, all) => (all[i] = i % 10));
}

function smallWeights(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((Math.imul(i, 40_503) & 0xffff) / 0xffff - 0.5) * 0.05);
}
