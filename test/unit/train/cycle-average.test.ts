import { describe, expect, it } from 'vitest';
import type { LayerParameters, Network } from '../../../worker/kernel/kernel.js';
import { CycleAverage } from '../../../worker/train/cycle-average.js';

/** A network of one weight and one bias that a test moves. */
function scripted(): Network & { weight: number; bias: number } {
  return {
    weight: 0,
    bias: 0,
    parameters() {
      return [{ weights: Float32Array.of(this.weight), bias: Float32Array.of(this.bias) }];
    },
    setParameters([layer]: readonly LayerParameters[]) {
      this.weight = Math.fround(layer!.weights[0]!);
      this.bias = Math.fround(layer!.bias[0]!);
    },
    parameter: () => 0,
    setParameter: () => {},
    sumSquaredWeights: () => 0,
  };
}

describe('CycleAverage', () => {
  function averageOf(values: readonly number[], cycleSteps = 3): number[] {
    const network = scripted();
    const average = new CycleAverage(cycleSteps);
    for (let step = 1; step <= values.length * cycleSteps + 1; step++) {
      // Between the ends of cycles anything.
      const value = step % cycleSteps === 0 ? values[step / cycleSteps - 1]! : 1e6 + step;
      Object.assign(network, { weight: value, bias: -value });
      average.afterStep(step, network);
    }
    expect(average.replace(network)).toBe(values.length > 0);
    return [network.weight, network.bias];
  }

  it('is the mean over the ends of cycles, of weights and biases', () => {
    expect(averageOf([1, 2, 6])).toEqual([3, -3]);
    expect(averageOf([5], 2)).toEqual([5, -5]);
  });

  it('is summed in float64 and rounded once', () => {
    const small = 2 ** -25; // two of them are half a unit of 1's last place, each alone is lost beside 1 in float32
    const values = [1, small, small, small, small, small, small, -1];
    expect(averageOf(values)[0]).toBe(Math.fround((6 * small) / 8));
  });

  it('leaves the network as it is where no cycle has ended', () => {
    expect(averageOf([])).toEqual([1e6 + 1, -1e6 - 1]);
  });
});
