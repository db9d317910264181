import { describe, expect, it } from 'vitest';
import { fetchBlob } from '../../../coordinator/cli/fetch-blob.js';
import { sha256Hex } from '../../../proto/canonical.js';
import { VernierError } from '../../../proto/errors.js';

const BYTES = Buffer.from('0123456789');
const cut = () => new VernierError('COORDINATOR_UNREACHABLE', 'cut');

/** A coordinator that serves two bytes a chunk and breaks off after so many chunks of each call. */
function coordinator(bytes: Buffer, chunksBeforeCut: number) {
  const offsets: number[] = [];
  const readBlob = async (_: string, offset: number, onChunk: (chunk: Uint8Array) => Promise<void>) => {
    offsets.push(offset);
    let left = chunksBeforeCut;
    for (let at = offset; at < bytes.length; at += 2) {
      if (left-- === 0) throw cut();
      await onChunk(bytes.subarray(at, at + 2));
    }
  };
  return { readBlob, offsets };
}

async function fetched(api: Parameters<typeof fetchBlob>[0]): Promise<string> {
  const chunks: Uint8Array[] = [];
  await fetchBlob(api, sha256Hex(BYTES), async (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks).toString();
}

describe('fetching a blob', () => {
  it('goes on where it was cut, as long as bytes come', async () => {
    const api = coordinator(BYTES, 1);
    expect(await fetched(api)).toBe('0123456789');
    expect(api.offsets).toEqual([0, 2, 4, 6, 8]);
  });

  it('is given up when nothing comes', async () => {
    const api = coordinator(BYTES, 0);
    await expect(fetched(api)).rejects.toMatchObject({ code: 'COORDINATOR_UNREACHABLE' });
    expect(api.offsets).toEqual([0, 0, 0]);
  });

  it('refuses other bytes', async () => {
    await expect(fetched(coordinator(Buffer.from('012345678X'), 9))).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
  });

  it('does not try again what cannot help', async () => {
    let calls = 0;
    const readBlob = async () => {
      calls++;
      throw new VernierError('BLOB_NOT_FOUND', 'no such blob');
    };
    await expect(fetched({ readBlob })).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(calls).toBe(1);
  });
});
