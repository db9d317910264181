import type { Kernel, NetworkShape, RecordsRegion } from './kernel.js';
import { madeUpRecords } from './made-up-records.js';
import type { NodeMemory } from './memory.js';

/* How fast a backend is. This file alone reads a clock; no result depends on it. */

/** The network that speeds are told for: CIFAR-10's images, 50 hidden units, mini-batches of 100. */
const INPUTS = 3072;
const HIDDEN = 50;
const CLASSES = 10;
const BATCH = 100;
/** More bytes of records than a cache holds, as in training. */
const RECORDS = 10_000;

/** Multiplications and additions of the step's two large products. */
export const STEP_OPERATIONS = 2 * 2 * BATCH * INPUTS * HIDDEN;

export interface StepTimes {
  /** Milliseconds per update step, the mini-batch's gathering included. */
  medianMs: number;
  minMs: number;
  steps: number;
}

/**
 * Times update steps of a backend on made-up records.
 *
 * @param budgetMs how long to go on; at least three steps are timed after one that is not
 */
export function measureTrainStep(kernel: Kernel, memory: NodeMemory, budgetMs: number): StepTimes {
  const records = placeRecords(memory, INPUTS, RECORDS);
  const stepper = new Stepper(kernel, memory, records);
  stepper.step();
  const times: number[] = [];
  const begin = now();
  while (times.length < 3 || now() - begin < budgetMs) times.push(stepper.step());
  stepper.release();
  releaseRecords(memory, records);
  times.sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1] as number, minMs: times[0] as number, steps: times.length };
}

/** Half the network, and two mini-batches of records: a comparison shall cost milliseconds, and is the same for all. */
const COMPARED_INPUTS = INPUTS / 2;
const COMPARED_RECORDS = 2 * BATCH;
/** A kernel that takes so many times as long as the fastest in the first round is not looked at again. */
const STRAGGLER = 1.5;
const ROUNDS = 5;

/**
 * Milliseconds per update step of each kernel, for a network half as large: the shortest of a few steps, taken in turn so
 * that what else the machine does meets them alike.
 */
export function compareTrainSteps(kernels: readonly Kernel[], memory: NodeMemory): number[] {
  const records = placeRecords(memory, COMPARED_INPUTS, COMPARED_RECORDS);
  const steppers = kernels.map((kernel) => new Stepper(kernel, memory, records));
  const shortest = steppers.map((stepper) => {
    stepper.step();
    return stepper.step();
  });
  const limit = STRAGGLER * Math.min(...shortest);
  for (let round = 1; round < ROUNDS; round++) {
    for (const [index, stepper] of steppers.entries()) {
      const before = shortest[index] as number;
      if (before <= limit) shortest[index] = Math.min(before, stepper.step());
    }
  }
  for (const stepper of steppers) stepper.release();
  releaseRecords(memory, records);
  return shortest;
}

/** A network that is trained step by step. */
class Stepper {
  private readonly workspace;
  private readonly group;
  private readonly rows: Uint32Array;
  private readonly steps = [{ network: 0, eta: 0.01, lambda: 0.001 }];
  private next = 0;

  constructor(
    kernel: Kernel,
    private readonly memory: NodeMemory,
    private readonly records: RecordsRegion,
  ) {
    const { inputs } = records;
    const shape: NetworkShape = { layers: [inputs, HIDDEN, CLASSES], batchSize: BATCH, precision: 'float32' };
    this.workspace = memory.allocate(kernel.workspaceBytes([shape]));
    this.group = kernel.open([shape], this.workspace);
    this.group.setNormalisation(new Float64Array(inputs).fill(127.5), new Float64Array(inputs).fill(74));
    this.group.networks[0]?.setParameters([
      { weights: smallWeights(inputs * HIDDEN), bias: new Float32Array(HIDDEN) },
      { weights: smallWeights(HIDDEN * CLASSES), bias: new Float32Array(CLASSES) },
    ]);
    // A fixed walk in large strides, as scattered as a permutation is.
    this.rows = Uint32Array.from({ length: records.records }, (_, i) => (i * 7919) % records.records);
  }

  /** @returns the milliseconds it took */
  step(): number {
    const first = (this.next++ % (this.records.records / BATCH)) * BATCH;
    const start = now();
    this.group.trainStep(this.records, this.rows, first, this.steps);
    return now() - start;
  }

  release(): void {
    this.memory.release(this.workspace);
  }
}

function now(): number {
  // oxlint-disable-next-line no-restricted-globals -- speed is what this measures; no result knows of it
  return performance.now();
}

/** A few made-up records, over and over. */
function placeRecords(memory: NodeMemory, inputs: number, count: number): RecordsRegion {
  return madeUpRecords(memory, inputs, count, (i) => i % CLASSES, COMPARED_RECORDS);
}

function releaseRecords(memory: NodeMemory, { images, labels }: RecordsRegion): void {
  memory.release(images);
  memory.release(labels);
}

function smallWeights(count: number): Float32Array {
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) weights[i] = ((Math.imul(i, 40_503) & 0xffff) / 0xffff - 0.5) * 0.05;
  return weights;
}
