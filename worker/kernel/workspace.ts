import type { Precision } from './kernel.js';

/** Numbers of the network's precision. */
export type Values = Float32Array | Float64Array;

/** Arrays start at cache lines. */
const ALIGN = 64;

/** Places arrays one after the other, as byte offsets from the workspace's start; `bytes` is what they need in all. */
export class WorkspaceLayout {
  bytes = 0;

  place(bytes: number): number {
    const offset = this.bytes;
    this.bytes = offset + Math.ceil(bytes / ALIGN) * ALIGN;
    return offset;
  }
}

export interface LayerSize {
  inputs: number;
  outputs: number;
}

/** Consecutive pairs of a network's layers: the inputs and outputs of each of its weight matrices. */
export function layerSizes(layers: readonly number[]): LayerSize[] {
  return layers.slice(1).map((outputs, layer) => ({ inputs: layers[layer] as number, outputs }));
}

export function bytesPerValue(precision: Precision): number {
  return precision === 'float32' ? 4 : 8;
}

/** An array of `length` numbers at a byte offset of the shared memory. */
export function valuesAt(buffer: SharedArrayBuffer, precision: Precision, offset: number, length: number): Values {
  return precision === 'float32' ? new Float32Array(buffer, offset, length) : new Float64Array(buffer, offset, length);
}
