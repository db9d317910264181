import { cos, log } from '../../proto/numeric/index.js';
import { generator, type Generator } from '../../proto/seed.js';
import type { Initialisation } from '../../proto/trainers/network.js';
import type { LayerParameters, Precision } from '../kernel/kernel.js';

/**
 * The deviation of a layer's first weights, by the numbers of its inputs and outputs.
 *
 * lecun: LeCun, Bottou, Orr, Mueller, "Efficient BackProp" (1998), eq. 16: scores of deviation 1 from inputs of deviation 1.
 * he: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers" (ICCV 2015), eq. 10: the same behind a ReLU, which halves the square.
 * xavier: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS 2010), eq. 12:
 * between what suits the way forwards and the way back.
 */
const DEVIATIONS: Record<Initialisation, (inputs: number, outputs: number) => number> = {
  lecun: (inputs) => 1 / Math.sqrt(inputs),
  he: (inputs) => Math.sqrt(2 / inputs),
  xavier: (inputs, outputs) => Math.sqrt(2 / (inputs + outputs)),
};

/**
 * A network's parameters before training: each layer's weights are normal with mean 0 and the deviation that `init` gives the
 * layer, its biases 0. One stream, of the purpose `init`, draws all weights, layer by layer in row-major order.
 *
 * @param layers units per layer: inputs, hidden ..., classes
 * @returns weights [inputs, outputs] and bias [outputs] of each layer
 */
export function initialParameters(
  seed: number,
  layers: readonly number[],
  precision: Precision,
  init: Initialisation = 'lecun',
): LayerParameters[] {
  const draws = generator(seed, 'init');
  const Values = precision === 'float32' ? Float32Array : Float64Array;
  return layers.slice(1).map((outputs, layer) => {
    const inputs = layers[layer] as number;
    const deviation = DEVIATIONS[init](inputs, outputs);
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
