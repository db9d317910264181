import { createHash } from 'node:crypto';
import type { LayerParameters } from '../kernel/kernel.js';

export type TensorData = Float32Array | Float64Array | BigInt64Array;

/** A named array in logical row-major order. */
export interface Tensor {
  name: string;
  /** Empty for a single number. */
  shape: readonly number[];
  data: TensorData;
}

/** The one form of NaN in weight files and digests: backends may disagree about a NaN's sign and payload. */
const CANONICAL_NAN = { float32: 0x7fc00000, float64: 0x7ff8000000000000n } as const;

/**
 * A network's parameters as W1 [inputs, hidden], b1 [hidden], W2 ..., in that order, every NaN in one form.
 *
 * @param layers they are changed in place where they hold a NaN
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

/** The array, every NaN in it replaced by the one form. */
export function canonical<Values extends Float32Array | Float64Array>(values: Values): Values {
  const { buffer, byteOffset, length } = values;
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_NAN.float32;
  } else {
    const bits = new BigUint64Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) if (Number.isNaN(values[i])) bits[i] = CANONICAL_NAN.float64;
  }
  return values;
}

/** SHA-256 over the tensors' values, row-major and little-endian, one tensor after the other; 64 hex digits. */
export function weightsDigest(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256');
  for (const { data } of tensors) hash.update(tensorBytes(data));
  return hash.digest('hex');
}

/** The array's memory, which is little-endian on every platform that Node.js has WebAssembly for. */
export function tensorBytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
