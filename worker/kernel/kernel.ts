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
  /** Room for velocities: steps may have `momentum`. */
  momentum?: boolean;
  /** Room for the factors of dropout: steps, gradients and losses may have `dropout`. */
  dropout?: boolean;
  /** Room for `NetworkGroup.gradients`. */
  gradients?: boolean;
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

/**
 * Inverted dropout of one mini-batch (Srivastava et al. 2014): behind its ReLU a hidden unit is multiplied with `scale` where it is
 * kept, with 0 where it is dropped, and its gradient as well.
 */
export interface Dropout {
  /** 1 / (1 - p); rounded once to the network's precision. */
  scale: number;
  /** One a hidden layer, [batchSize, units], row-major: 1 kept, 0 dropped. */
  kept: readonly Uint8Array[];
}

/** One update step of one network of a group. */
export interface NetworkStep {
  /** Its place in the group. */
  network: number;
  eta: number;
  lambda: number;
  /** mu: the step goes along the velocities, which it renews. Absent: along the gradient; the velocities are left as they are. */
  momentum?: number;
  dropout?: Dropout;
}

/** One of a layer's parameter tensors. */
export type ParameterTensor = keyof LayerParameters;

/** One network's parameters, in a group. */
export interface Network {
  /** Also sets all velocities to 0. */
  setParameters(layers: readonly LayerParameters[]): void;
  /** Copies. */
  parameters(): LayerParameters[];
  /** One number, by its layer from 0 and its index in logical order; costs next to nothing. */
  parameter(layer: number, tensor: ParameterTensor, index: number): number;
  /** Puts one number, rounded to the precision, in the place of `parameter`'s; all else, velocities too, is left as it is. */
  setParameter(layer: number, tensor: ParameterTensor, index: number, value: number): void;
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
   * W <- c W - eta G with c = 1 - 2 eta lambda, b <- b - eta g; with momentum mu V <- mu V + G + 2 lambda W, W <- W - eta V,
   * v <- mu v + g, b <- b - eta v. The other networks are left as they are.
   *
   * @throws TypeError when a step has momentum or dropout, and its network's shape does not say so
   */
  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void;
  /** Records first .. first + count, in order, with the weights of the given networks as they are; one answer each. */
  evaluate(records: RecordsRegion, first: number, count: number, networks: readonly number[]): Evaluation[];
  /**
   * The gradients G and g that trainStep would use on this mini-batch: of the mean cross entropy by every weight and bias, without
   * the penalty's part. The parameters are left as they are.
   *
   * @throws TypeError when the network's shape does not ask for `gradients`, or for `dropout` where that is given
   */
  gradients(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    network: number,
    dropout?: Dropout,
  ): LayerParameters[];
  /**
   * The mini-batch's loss as trainStep's forward pass sees it, one sum a network: of the cross entropies, in float64, in row order.
   *
   * @param dropout of each of the networks, which have to be of equal hidden layers then
   * @throws TypeError when there is dropout, and a network's shape does not say so
   */
  batchLoss(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    networks: readonly number[],
    dropout?: Dropout,
  ): number[];
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
