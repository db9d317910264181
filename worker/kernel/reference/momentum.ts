import type { Values } from '../workspace.js';
import type { Round } from './arithmetic.js';

/* Gradient descent with momentum (Polyak 1964), in the form that PyTorch's SGD has, the penalty being part of the gradient. */

/** V <- (mu V + G) + d W;  W <- W - eta V, every operation rounded. */
export function updateWeightsWithMomentum(
  weights: Values, // [inputs, outputs], changed in place
  velocity: Values, // [inputs, outputs], changed in place
  gradient: Values, // [inputs, outputs], without the penalty's part
  momentum: number, // mu, in the network's precision
  decay: number, // d = 2 lambda, in the network's precision
  eta: number, // in the network's precision
  round: Round,
): void {
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] as number;
    const along = round(round(momentum * (velocity[i] as number)) + (gradient[i] as number));
    const v = round(along + round(decay * w));
    velocity[i] = v;
    weights[i] = round(w - round(eta * v));
  }
}

/** v <- mu v + g;  b <- b - eta v. */
export function updateBiasWithMomentum(
  bias: Values, // [outputs], changed in place
  velocity: Values, // [outputs], changed in place
  gradient: Values, // [outputs]
  momentum: number,
  eta: number,
  round: Round,
): void {
  for (let j = 0; j < bias.length; j++) {
    const v = round(round(momentum * (velocity[j] as number)) + (gradient[j] as number));
    velocity[j] = v;
    bias[j] = round((bias[j] as number) - round(eta * v));
  }
}
