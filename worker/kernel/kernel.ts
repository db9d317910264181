import type { KernelName } from '../../proto/kernels.js';

export type { KernelName } from '../../proto/kernels.js';

export type Precision = 'float32' | 'float64';

/** A piece of the node's shared memory. */
export interface Region {
  /** Byte offset, a multiple of 64. */
  offset: number;
  bytes: number;
}

/** Records in the node's shared memory: bytes as they were read, one label a record. */
export interface RecordsRegion {
  /** uint8 [records, inputs], row-major. */
  images: Region;
  /** uint8 [records]; each is a class of the networks that are trained or evaluated with it, which loading has checked. */
  labels: Region;
  records: number;
  inputs: number;
}

export interface NetworkShape {
  /** Units per layer: inputs, hidden ..., classes; at least two entries. */
  layers: readonly number[];
  /** Rows of a mini-batch. */
  batchSize: number;
  precision: Precision;
}

/** One layer's parameters in logical order, whatever layout a backend keeps. */
export interface LayerParameters {
  /** [inputs, outputs], row-major. */
  weights: Float32Array | Float64Array;
  /** [outputs]. */
  bias: Float32Array | Float64Array;
}

export interface Evaluation {
  /** Sum over the records of the cross entropy, accumulated in float64 in record order. */
  lossSum: number;
  /** Records whose first largest score is their label's. */
  correct: number;
}

/** One update step of one network of a group. */
export interface NetworkStep {
  /** Its place in the group. */
  network: number;
  eta: number;
  lambda: number;
}

/** One network's parameters, in a group. */
export interface Network {
  setParameters(layers: readonly LayerParameters[]): void;
  /** Copies. */
  parameters(): LayerParameters[];
  /** Sum of all squared weights (biases left out), accumulated in float64, layer by layer in logical order. */
  sumSquaredWeights(): number;
}

/**
 * Networks side by side: they see the same mini-batches of the same records, and each is trained as if it were alone. One
 * network is a group too. Buffers lie in the workspace given at opening; nothing is allocated while training.
 */
export interface NetworkGroup {
  readonly networks: readonly Network[];
  /** Per input, in units of a byte: x = (byte - mean) / deviation, as docs/numerics.md rounds it. */
  setNormalisation(mean: Float64Array, deviation: Float64Array): void;
  /**
   * One update step of each network in `steps`, on the mini-batch of `records` at rows[first .. first + batchSize):
   * W <- c W - eta G with c = 1 - 2 eta lambda, b <- b - eta g. The other networks are left as they are.
   */
  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void;
  /** Records first .. first + count, in order, with the weights of the given networks as they are; one answer each. */
  evaluate(records: RecordsRegion, first: number, count: number, networks: readonly number[]): Evaluation[];
}

export interface Kernel {
  readonly name: KernelName;
  /** Bytes of shared memory that a group of these networks works in. */
  workspaceBytes(shapes: readonly NetworkShape[]): number;
  /**
   * The workspace's former content is of no account; it must be exclusively the caller's until the group is done with.
   *
   * @param shapes at least one; they agree in inputs, batchSize and precision
   */
  open(shapes: readonly NetworkShape[], workspace: Region): NetworkGroup;
}
