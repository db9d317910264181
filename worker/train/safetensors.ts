import { tensorBytes, type Tensor, type TensorData } from './weights.js';

/** The header's length stands before it as a 64-bit little-endian number. */
const LENGTH_BYTES = 8;
/** Readers that map the file want the data aligned; the header is padded with spaces, as the format allows. */
const ALIGN = 8;

/**
 * A safetensors file (https://github.com/huggingface/safetensors, "Format"): tensors row-major and little-endian, in the order
 * given and without gaps.
 *
 * @param metadata stands under `__metadata__`; strings only, as the format wants
 */
export function encodeSafetensors(
  tensors: readonly Tensor[],
  metadata: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(({ name, shape, data }): [string, object] => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }), 'utf8');
  const headerBytes = Math.ceil(json.length / ALIGN) * ALIGN;

  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  file.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors) {
    file.set(tensorBytes(data), at);
    at += data.byteLength;
  }
  return file;
}

function dtypeOf(data: TensorData): string {
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Float64Array ? 'F64' : 'I64';
}
