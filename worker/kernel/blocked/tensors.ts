import type { LayerParameters, ParameterTensor, Precision } from '../kernel.js';
import { bytesPerValue, valuesAt, type LayerSize, type Values } from '../workspace.js';
import type { ParameterPlace, Rows } from './layout.js';

/** A network's tensors between logical order and a workspace's, number by number. */
export class WorkspaceTensors {
  private readonly values: Values;
  private readonly value: number;

  /** @param bytes of the workspace that starts at `workspace` */
  constructor(
    buffer: SharedArrayBuffer,
    private readonly precision: Precision,
    workspace: number,
    bytes: number,
  ) {
    this.value = bytesPerValue(precision);
    this.values = valuesAt(buffer, precision, workspace, bytes / this.value);
  }

  write(size: LayerSize, place: ParameterPlace, { weights, bias }: LayerParameters): void {
    this.forEachWeight(size, place, (logical, at) => (this.values[at] = weights[logical] as number));
    this.values.set(bias, place.bias / this.value);
  }

  /** A copy. */
  read(size: LayerSize, place: ParameterPlace): LayerParameters {
    // slice() of an array in shared memory would be a copy in shared memory.
    const Copy = this.precision === 'float32' ? Float32Array : Float64Array;
    const weights = new Copy(size.inputs * size.outputs);
    this.forEachWeight(size, place, (logical, at) => (weights[logical] = this.values[at] as number));
    const bias = place.bias / this.value;
    return { weights, bias: Copy.from(this.values.subarray(bias, bias + size.outputs)) };
  }

  /** Sets all numbers to 0. */
  clear({ inputs, outputs }: LayerSize, { weights, bias }: ParameterPlace): void {
    const row = weights.row / this.value;
    for (let j = 0; j < outputs; j++) {
      const start = weights.offset / this.value + j * row;
      this.values.fill(0, start, start + inputs);
    }
    this.values.fill(0, bias / this.value, bias / this.value + outputs);
  }

  /** Factors of dropout, [units, rows] by rows, of what is kept, [rows, units]. */
  writeFactors({ offset, row }: Rows, rows: number, units: number, kept: Uint8Array, scale: number): void {
    for (let j = 0; j < units; j++) {
      const start = (offset + j * row) / this.value;
      for (let i = 0; i < rows; i++) this.values[start + i] = kept[i * units + j] === 0 ? 0 : scale;
    }
  }

  get(size: LayerSize, place: ParameterPlace, tensor: ParameterTensor, index: number): number {
    return this.values[this.indexOf(size, place, tensor, index)] as number;
  }

  set(size: LayerSize, place: ParameterPlace, tensor: ParameterTensor, index: number, value: number): void {
    this.values[this.indexOf(size, place, tensor, index)] = value;
  }

  /** Where one number of a tensor's logical order lies. */
  private indexOf(size: LayerSize, place: ParameterPlace, tensor: ParameterTensor, index: number): number {
    const { outputs } = size;
    if (tensor === 'bias') return place.bias / this.value + index;
    const { offset, row } = place.weights;
    return (offset + (index % outputs) * row) / this.value + Math.floor(index / outputs);
  }

  /** Visits a layer's weights as indices of the logical [inputs, outputs] array and of the workspace's numbers. */
  private forEachWeight(
    { inputs, outputs }: LayerSize,
    { weights }: ParameterPlace,
    visit: (logical: number, at: number) => void,
  ): void {
    const start = weights.offset / this.value;
    const row = weights.row / this.value;
    for (let k = 0; k < inputs; k++) {
      for (let j = 0; j < outputs; j++) visit(k * outputs + j, start + j * row + k);
    }
  }
}
