import { createHash } from 'node:crypto';
import type { LayerParameters } from '../kernel/kernel.js';

/** A named array in logical row-major order. */
export interface Tensor {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** The one form of NaN in weight files and digests: backends may disagree about a NaN's sign and payload. */
const CANONICAL_NAN = 0x7fc00000;

/**
 * A network's parameters as W1 [inputs, hidden], b1 [hidden], W2 ..., in that order, every NaN in one form.
 *
 * @param layers float32 parameters; they are changed in place where they hold a NaN
 */
export function networkTensors(layers: readonly LayerParameters[]): Tensor[] {
  return layers.flatMap(({ weights, bias }, index) => {
    const outputs = bias.length;
    return [
      { name: `W${index + 1}`, shape: [weights.length / outputs, outputs], data: canonical(weights) },
      { name: `b${index + 1}`, shape: [outputs], data: canonical(bias) },
    ];
  });
}

function canonical(values: Float32Array | Float64Array): Float32Array {
  if (!(values instanceof Float32Array)) throw new TypeError('weights are kept in float32');
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_NAN;
  return values;
}

/** SHA-256 over the tensors' float32 values, row-major and little-endian, one tensor after the other; 64 hex digits. */
export function weightsDigest(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256');
  for (const { data } of tensors) hash.update(tensorBytes(data));
  return hash.digest('hex');
}

/** The array's memory, which is little-endian on every platform that Node.js has WebAssembly for. */
export function tensorBytes(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
