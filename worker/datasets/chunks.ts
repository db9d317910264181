import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';

/** Bytes read at once: large enough that a call's cost vanishes, small enough that hashing one holds nobody up. */
const CHUNK_BYTES = 1 << 20;

export type Packing = 'none' | 'gzip' | 'brotli';

/**
 * A file's content in order, unpacked. A chunk is valid only until the next is asked for: plain files are read into
 * one buffer over and over, so that reading 184 MB needs 1 MiB.
 *
 * @throws the system's or zlib's error, e.g. ENOENT, Z_DATA_ERROR, or Z_BUF_ERROR for a truncated file
 */
export async function* fileChunks(path: string, packing: Packing): AsyncGenerator<Uint8Array, void> {
  if (packing === 'none') {
    yield* plainChunks(path);
    return;
  }
  const unpack =
    packing === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createBrotliDecompress({ chunkSize: CHUNK_BYTES });
  // A failing source destroys `unpack` with its error, which the loop below then throws.
  pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), unpack, () => {});
  for await (const chunk of unpack) yield chunk as Uint8Array;
}

async function* plainChunks(path: string): AsyncGenerator<Uint8Array, void> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Whether an error says that a packed stream is damaged or cut short. */
export function isPackingError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_FORMAT');
}
