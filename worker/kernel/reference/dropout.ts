import type { Values } from '../workspace.js';
import type { Round } from './arithmetic.js';

/** A layer's factors: `scale` for a unit that is kept, 0 for one that is dropped. */
export function dropoutFactors(
  kept: Uint8Array, // [rows, units]: 1 or 0
  scale: number, // 1 / (1 - p), in the network's precision
  factors: Values, // [rows, units], written
): void {
  for (let i = 0; i < kept.length; i++) factors[i] = kept[i] === 0 ? 0 : scale;
}

/** h <- h * f. */
export function dropUnits(
  activations: Values, // [count], changed in place
  factors: Values, // [count]
  count: number,
  round: Round,
): void {
  for (let i = 0; i < count; i++) activations[i] = round((activations[i] as number) * (factors[i] as number));
}
