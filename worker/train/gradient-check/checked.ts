import { generator } from '../../../proto/seed.js';
import { tensorSizes } from '../../../proto/trainers/gradient-check.js';
import { tensorNames } from '../../../proto/trainers/network.js';
import type { ParameterTensor } from '../../kernel/kernel.js';

/** A tensor, and which of its entries are checked. */
export interface CheckedTensor {
  /** W1, b1, ... */
  name: string;
  /** Where a kernel's network has it. */
  layer: number;
  tensor: ParameterTensor;
  shape: readonly number[];
  size: number;
  /** Where its parameters begin among those of all tensors. */
  firstParameter: number;
  /** Where its checked entries begin among those of all tensors. */
  firstChecked: number;
  /** How many are checked. */
  count: number;
  /** Their indices in logical order, ascending; absent when all are checked. */
  entries?: Uint32Array;
}

/**
 * The tensors in order: W1, b1, W2, ... With `entries`, so many of each are checked, drawn without repetition from the purpose
 * `entries:TENSOR`.
 *
 * @param layers units per layer: inputs, hidden ..., classes
 */
export function checkedTensors(seed: number, layers: readonly number[], entries?: number): CheckedTensor[] {
  const sizes = tensorSizes(layers);
  let firstParameter = 0;
  let firstChecked = 0;
  return tensorNames(layers.length - 1).map((name, index) => {
    const layer = Math.floor(index / 2);
    const size = sizes[index] as number;
    const outputs = layers[layer + 1] as number;
    const some = entries !== undefined && entries < size;
    const checked: CheckedTensor = {
      name,
      layer,
      ...(index % 2 === 0
        ? { tensor: 'weights', shape: [layers[layer] as number, outputs] }
        : { tensor: 'bias', shape: [outputs] }),
      size,
      firstParameter,
      firstChecked,
      count: some ? entries : size,
      ...(some ? { entries: drawEntries(seed, name, size, entries) } : {}),
    };
    firstParameter += size;
    firstChecked += checked.count;
    return checked;
  });
}

/** Draws again where an entry came before; ascending. */
function drawEntries(seed: number, name: string, size: number, count: number): Uint32Array {
  const draws = generator(seed, 'entries', name);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(Math.floor(draws.next() * size));
  return Uint32Array.from(drawn).sort();
}
