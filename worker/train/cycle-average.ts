import type { LayerParameters, Network } from '../kernel/kernel.js';

/**
 * The average of a network's parameters over the ends of its cycles, where the rate is lowest: stochastic weight averaging (Izmailov,
 * Podoprikhin, Garipov, Vetrov, Wilson, "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, algorithm 1
 * with c = one cycle), here from the first cycle on, without training before it.
 *
 * Sums are in float64, from 0 and in the order of the cycles; their quotients are rounded once to the network's precision.
 */
export class CycleAverage {
  private cycles = 0;
  private sums: LayerParameters[] = [];

  constructor(private readonly cycleSteps: number) {}

  /** @param steps update steps that the network has taken */
  afterStep(steps: number, network: Network): void {
    if (steps % this.cycleSteps !== 0) return;
    const layers = network.parameters();
    if (this.cycles === 0) this.sums = layers.map(zerosLike);
    for (const [layer, { weights, bias }] of layers.entries()) {
      const sum = this.sums[layer] as LayerParameters;
      add(weights, sum.weights);
      add(bias, sum.bias);
    }
    this.cycles++;
  }

  /** Puts the average in the place of the network's parameters. False where no cycle has ended: the network stays as it is. */
  replace(network: Network): boolean {
    if (this.cycles === 0) return false;
    const mean = (sum: number): number => sum / this.cycles;
    // Networks of float32 round what they are given, once.
    network.setParameters(this.sums.map(({ weights, bias }) => ({ weights: weights.map(mean), bias: bias.map(mean) })));
    return true;
  }
}

function zerosLike({ weights, bias }: LayerParameters): LayerParameters {
  return { weights: new Float64Array(weights.length), bias: new Float64Array(bias.length) };
}

function add(values: LayerParameters['bias'], sums: LayerParameters['bias']): void {
  for (let i = 0; i < values.length; i++) sums[i] = (sums[i] as number) + (values[i] as number);
}
