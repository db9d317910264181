import { cos, log } from '../../proto/numeric/index.js';
import { generator, type Generator } from '../../proto/seed.js';
import type { LayerParameters, Precision } from '../kernel/kernel.js';

/**
 * A network's parameters before training: each layer's weights are normal with mean 0 and deviation 1 / sqrt(inputs of the
 * layer), its biases 0. One stream, of the purpose `init`, draws all weights, layer by layer in row-major order.
 *
 * @param layers units per layer: inputs, hidden ..., classes
 * @returns weights [inputs, outputs] and bias [outputs] of each layer
 */
export function initialParameters(seed: number, layers: readonly number[], precision: Precision): LayerParameters[] {
  const draws = generator(seed, 'init');
  const Values = precision === 'float32' ? Float32Array : Float64Array;
  return layers.slice(1).map((outputs, layer) => {
    const inputs = layers[layer] as number;
    const deviation = 1 / Math.sqrt(inputs);
    const weights = new Values(inputs * outputs);
    for (let i = 0; i < weights.length; i++) weights[i] = standardNormal(draws) * deviation;
    return { weights, bias: new Values(outputs) };
  });
}

const TWO_PI = 6.283185307179586;

/**
 * Box and Muller's method without its second number: a spare would be hidden state.
 * 1 - u lies in (0, 1], so that the logarithm is finite.
 */
function standardNormal(draws: Generator): number {
  const radius = Math.sqrt(-2 * log(1 - draws.double()));
  return radius * cos(TWO_PI * draws.double());
}
