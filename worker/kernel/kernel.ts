import type { KernelName } from '../../proto/kernels.js';

export { KERNEL_NAMES, type KernelName } from '../../proto/kernels.js';

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
  /** uint8 [records]. */
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

/** One network being trained. Buffers lie in the workspace given at opening; nothing is allocated while training. */
export interface NetworkKernel {
  /** Per input, in units of a byte: x = (byte - mean) / deviation, as docs/numerics.md rounds it. */
  setNormalisation(mean: Float64Array, deviation: Float64Array): void;
  setParameters(layers: readonly LayerParameters[]): void;
  /** Copies. */
  parameters(): LayerParameters[];
  /**
   * One update step on the mini-batch of `records` at rows[first .. first + batchSize):
   * W <- c W - eta G with c = 1 - 2 eta lambda, b <- b - eta g.
   */
  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, eta: number, lambda: number): void;
  /** Records first .. first + count, in order, with the weights as they are. */
  evaluate(records: RecordsRegion, first: number, count: number): Evaluation;
  /** Sum of all squared weights (biases left out), accumulated in float64, layer by layer in logical order. */
  sumSquaredWeights(): number;
}

export interface Kernel {
  readonly name: KernelName;
  /** Bytes of shared memory that a network of this shape works in. */
  workspaceBytes(shape: NetworkShape): number;
  /** The workspace's former content is of no account; it must be exclusively the caller's until the network is done with. */
  open(shape: NetworkShape, workspace: Region): NetworkKernel;
}
