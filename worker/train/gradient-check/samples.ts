import { generator } from '../../../proto/seed.js';
import type { GradientCheckConfig } from '../../../proto/trainers/gradient-check.js';
import { permutation } from '../batch-order.js';

/** Numbers of the records whose cost is checked, in the order of their rows; random ones are drawn from the purpose `samples`. */
export function sampleRows(seed: number, { dataset, samples }: GradientCheckConfig): Uint32Array {
  if (samples.choice === 'first') return Uint32Array.from({ length: samples.count }, (_, row) => row);
  return permutation(generator(seed, 'samples'), dataset.train).slice(0, samples.count);
}
