import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../../worker/train/initialisation.js';

describe('initialParameters', () => {
  const layers = [3072, 50, 10];

  it('shapes weights and biases by the layers, in the precision asked for', () => {
    const [first, second] = initialParameters(42, layers, 'float32');
    expect(first!.weights).toBeInstanceOf(Float32Array);
    expect([first!.weights.length, first!.bias.length]).toEqual([3072 * 50, 50]);
    expect([second!.weights.length, second!.bias.length]).toEqual([50 * 10, 10]);
    expect(initialParameters(42, layers, 'float64')[1]!.bias).toBeInstanceOf(Float64Array);
    expect([...first!.bias, ...second!.bias].every((bias) => Object.is(bias, 0))).toBe(true);
  });

  it('draws weights of mean 0 and deviation 1 / sqrt(inputs), normally distributed', () => {
    for (const [layer, { weights }] of initialParameters(42, [3072, 50, 2000], 'float64').entries()) {
      const deviation = 1 / Math.sqrt([3072, 50][layer]!);
      const scaled = Array.from(weights, (weight) => weight / deviation);
      const n = scaled.length;
      const moment = (power: number) => scaled.reduce((sum, value) => sum + value ** power, 0) / n;
      // A moment's own deviation is sqrt((variance of value^power) / n): 1, 2, 15 and 96 over n for the first four; five of them.
      expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
      expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
      expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
      expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
      const within = (limit: number) => scaled.filter((value) => Math.abs(value) < limit).length / n;
      expect(within(1)).toBeCloseTo(0.6827, 2);
      expect(within(2)).toBeCloseTo(0.9545, 2);
    }
  });

  it('scales the same draws for He and for Xavier', () => {
    const sizes = [20, 6, 4];
    const lecun = initialParameters(3, sizes, 'float64');
    const deviations = {
      he: (inputs: number) => Math.sqrt(2 / inputs),
      xavier: (inputs: number, outputs: number) => Math.sqrt(2 / (inputs + outputs)),
    };
    for (const init of ['he', 'xavier'] as const) {
      for (const [layer, { weights, bias }] of initialParameters(3, sizes, 'float64', init).entries()) {
        const factor = deviations[init](sizes[layer]!, sizes[layer + 1]!) * Math.sqrt(sizes[layer]!);
        for (const [i, weight] of weights.entries()) {
          expect(weight / (lecun[layer]!.weights[i]! * factor)).toBeCloseTo(1, 12);
        }
        expect([...bias].every((value) => Object.is(value, 0))).toBe(true);
      }
    }
    expect(initialParameters(3, sizes, 'float64', 'lecun')).toEqual(lecun);
  });

  it('draws the same for the same seed, and another for any other', () => {
    const weights = (seed: number) => initialParameters(seed, [7, 5, 3], 'float32').map((layer) => [...layer.weights]);
    expect(weights(42)).toEqual(weights(42));
    expect(weights(43)).not.toEqual(weights(42));
    expect(weights(0)).not.toEqual(weights(1));
  });

  it('rounds the float64 draws once for float32', () => {
    const double = initialParameters(9, [20, 6, 4], 'float64');
    const single = initialParameters(9, [20, 6, 4], 'float32');
    for (const [layer, { weights }] of double.entries()) {
      expect(single[layer]!.weights).toEqual(Float32Array.from(weights));
    }
  });

  it('draws what every version draws', () => {
    expect([...initialParameters(42, [4, 3, 2], 'float64')[0]!.weights]).toEqual([
      0.23201643135335692, 0.12322700455225373, -0.3290942883153358, -0.6792778014200604, -0.5765083592394447,
      0.4296931515639685, -0.6105537038155491, 0.06608136879720539, -0.11698260123619936, -0.5036198359169652,
      0.09168637672502368, -0.13175623838739572,
    ]);
  });
});
