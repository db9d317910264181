import type { Round } from './arithmetic.js';
import type { Values } from '../workspace.js';

/*
 * A layer's products, forward and backward. Every output element is accumulated in ascending order of the summed index,
 * from zero, by a rounded multiplication and then a rounded addition.
 */

export interface LayerShape {
  /** Records of the mini-batch. */
  rows: number;
  inputs: number;
  outputs: number;
}

/** z = x W + b: the scores before any non-linearity. */
export function dense(
  { rows, inputs, outputs }: LayerShape,
  x: Values, // [rows, inputs]
  weights: Values, // [inputs, outputs]
  bias: Values, // [outputs]
  z: Values, // [rows, outputs], written
  round: Round,
): void {
  for (let i = 0; i < rows; i++) {
    const zi = z.subarray(i * outputs, (i + 1) * outputs).fill(0);
    for (let k = 0; k < inputs; k++) {
      const xik = x[i * inputs + k] as number;
      for (let j = 0; j < outputs; j++) {
        zi[j] = round((zi[j] as number) + round(xik * (weights[k * outputs + j] as number)));
      }
    }
    for (let j = 0; j < outputs; j++) zi[j] = round((zi[j] as number) + (bias[j] as number));
  }
}

/** x < 0 becomes 0; a NaN stays, so that a network which diverged shows it. */
export function relu(
  activations: Values, // [count], changed in place
  count: number,
): void {
  for (let i = 0; i < count; i++) if ((activations[i] as number) < 0) activations[i] = 0;
}

/**
 * dJ/dx = (dJ/dz W^T), times the factors of dropout where there are such; zero where the unit before, x = relu(...), is not active
 * or dropped.
 */
export function denseInputGradient(
  { rows, inputs, outputs }: LayerShape,
  zGradient: Values, // [rows, outputs]
  weights: Values, // [inputs, outputs]
  x: Values, // [rows, inputs]
  factors: Values | undefined, // [rows, inputs]
  xGradient: Values, // [rows, inputs], written
  round: Round,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inputs; k++) {
      let sum = 0;
      for (let j = 0; j < outputs; j++) {
        sum = round(sum + round((zGradient[i * outputs + j] as number) * (weights[k * outputs + j] as number)));
      }
      if (factors !== undefined) sum = round(sum * (factors[i * inputs + k] as number));
      xGradient[i * inputs + k] = (x[i * inputs + k] as number) <= 0 ? 0 : sum;
    }
  }
}

/** dJ/dW = x^T dJ/dz, without the penalty's part. */
export function denseWeightGradient(
  { rows, inputs, outputs }: LayerShape,
  x: Values, // [rows, inputs]
  zGradient: Values, // [rows, outputs]
  weightGradient: Values, // [inputs, outputs], written
  round: Round,
): void {
  weightGradient.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inputs; k++) {
      const xik = x[i * inputs + k] as number;
      for (let j = 0; j < outputs; j++) {
        const at = k * outputs + j;
        weightGradient[at] = round(
          (weightGradient[at] as number) + round(xik * (zGradient[i * outputs + j] as number)),
        );
      }
    }
  }
}

/** dJ/db = the sum of dJ/dz over the records. */
export function denseBiasGradient(
  { rows, outputs }: LayerShape,
  zGradient: Values, // [rows, outputs]
  biasGradient: Values, // [outputs], written
  round: Round,
): void {
  biasGradient.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < outputs; j++) {
      biasGradient[j] = round((biasGradient[j] as number) + (zGradient[i * outputs + j] as number));
    }
  }
}

/** W <- keep W - eta G, each product and the difference rounded. */
export function updateWeights(
  weights: Values, // [inputs, outputs], changed in place
  gradient: Values, // [inputs, outputs]
  keep: number, // c = 1 - 2 eta lambda, in the network's precision
  eta: number, // in the network's precision
  round: Round,
): void {
  for (let i = 0; i < weights.length; i++) {
    weights[i] = round(round(keep * (weights[i] as number)) - round(eta * (gradient[i] as number)));
  }
}

/** b <- b - eta g. */
export function updateBias(bias: Values, gradient: Values, eta: number, round: Round): void {
  for (let j = 0; j < bias.length; j++) {
    bias[j] = round((bias[j] as number) - round(eta * (gradient[j] as number)));
  }
}
