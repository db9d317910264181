import { generator } from '../../../proto/seed.js';
import { tensorSizes } from '../../../proto/trainers/gradient-check.js';
import { tensorNames } from '../../../proto/trainers/network.js';
import type { ParameterTensor } from '../../kernel/kernel.js';

/** A tensor, and how many of its entries are checked. */
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
  /** Whether they are some of its entries, drawn, and not all. */
  isDrawn: boolean;
}

/**
 * The tensors in order: W1, b1, W2, ... With `entries`, so many of each are checked.
 *
 * @param layers units per layer: inputs, hidden ..., classes
 */
export function checkedTensors(layers: readonly number[], entries?: number): CheckedTensor[] {
  const sizes = tensorSizes(layers);
  let firstParameter = 0;
  let firstChecked = 0;
  return tensorNames(layers.length - 1).map((name, index) => {
    const layer = Math.floor(index / 2);
    const size = sizes[index] as number;
    const outputs = layers[layer + 1] as number;
    const isDrawn = entries !== undefined && entries < size;
    const checked: CheckedTensor = {
      name,
      layer,
      ...(index % 2 === 0
        ? { tensor: 'weights', shape: [layers[layer] as number, outputs] }
        : { tensor: 'bias', shape: [outputs] }),
      size,
      firstParameter,
      firstChecked,
      count: isDrawn ? entries : size,
      isDrawn,
    };
    firstParameter += size;
    firstChecked += checked.count;
    return checked;
  });
}

/**
 * Which entries of a tensor are checked, where not all are: distinct indices in logical order, ascending, from the purpose
 * `entries:TENSOR`. Where one came before, it draws again: of millions, that takes seconds.
 */
export function drawEntries(seed: number, { name, size, count }: CheckedTensor): Uint32Array {
  const draws = generator(seed, 'entries', name);
  // A byte an entry: a thread's heap bears no set of millions.
  const isDrawn = new Uint8Array(size);
  for (let left = count; left > 0;) {
    const entry = Math.floor(draws.next() * size);
    if (isDrawn[entry] === 0) left--;
    isDrawn[entry] = 1;
  }
  const entries = new Uint32Array(count);
  for (let entry = 0, at = 0; at < count; entry++) if (isDrawn[entry] === 1) entries[at++] = entry;
  return entries;
}
