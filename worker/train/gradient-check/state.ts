import type { LayerParameters, Region } from '../../kernel/kernel.js';
import type { CheckedTensor } from './checked.js';

/** What a check's steps leave each other, in the node's shared memory; float64. */
export interface CheckState {
  /** Loss and cost at the initial parameters. */
  loss: Float64Array; // [1]
  cost: Float64Array; // [1]
  /** The initial parameters, tensor by tensor in logical order. */
  parameters: Float64Array; // [parameters]
  /** The analytic gradients of the cost, likewise. */
  gradients: Float64Array; // [parameters]
  /** J(w + h) and J(w - h) of every checked entry, tensor by tensor. */
  raised: Float64Array; // [checked]
  lowered: Float64Array; // [checked]
  /** Indices of the checked entries, of tensors of which not all are; empty where all of all are. */
  entries: Uint32Array; // [checked]
}

export function stateBytes(tensors: readonly CheckedTensor[]): number {
  const { parameters, checked, drawn } = totals(tensors);
  return Float64Array.BYTES_PER_ELEMENT * (2 + 2 * parameters + 2 * checked) + Uint32Array.BYTES_PER_ELEMENT * drawn;
}

export function checkState(memory: WebAssembly.Memory, region: Region, tensors: readonly CheckedTensor[]): CheckState {
  const { parameters, checked, drawn } = totals(tensors);
  let at = region.offset;
  const next = (length: number): Float64Array => {
    const values = new Float64Array(memory.buffer, at, length);
    at += values.byteLength;
    return values;
  };
  return {
    loss: next(1),
    cost: next(1),
    parameters: next(parameters),
    gradients: next(parameters),
    raised: next(checked),
    lowered: next(checked),
    // The last: what lies behind it need not be aligned for float64.
    entries: new Uint32Array(memory.buffer, at, drawn),
  };
}

/** Numbers of each of the state's arrays. */
function totals(tensors: readonly CheckedTensor[]): { parameters: number; checked: number; drawn: number } {
  const parameters = tensors.reduce((sum, { size }) => sum + size, 0);
  const checked = tensors.reduce((sum, { count }) => sum + count, 0);
  return { parameters, checked, drawn: tensors.some(({ isDrawn }) => isDrawn) ? checked : 0 };
}

/** A tensor's part of an array over all parameters. */
export function parametersOf(values: Float64Array, { firstParameter, size }: CheckedTensor): Float64Array {
  return values.subarray(firstParameter, firstParameter + size);
}

/** A tensor's part of an array over all checked entries. */
export function checkedOf(values: Float64Array, { firstChecked, count }: CheckedTensor): Float64Array {
  return values.subarray(firstChecked, firstChecked + count);
}

/** Indices of a tensor's checked entries in logical order, ascending; undefined where all are checked. */
export function entriesOf(
  { entries }: CheckState,
  { isDrawn, firstChecked, count }: CheckedTensor,
): Uint32Array | undefined {
  return isDrawn ? entries.subarray(firstChecked, firstChecked + count) : undefined;
}

/** The parameters as a network takes them. */
export function layersOf({ parameters }: CheckState, tensors: readonly CheckedTensor[]): LayerParameters[] {
  const layers: LayerParameters[] = [];
  for (let index = 0; index < tensors.length; index += 2) {
    const [weights, bias] = tensors.slice(index, index + 2).map((tensor) => parametersOf(parameters, tensor));
    layers.push({ weights: weights as Float64Array, bias: bias as Float64Array });
  }
  return layers;
}
