import { createHash } from 'node:crypto';
import { VernierError } from '../../proto/errors.js';
import type { CoordinatorApi } from './api.js';

/** Tries in a row that bring no byte. */
const MAX_TRIES = 3;

/**
 * Reads a blob from the coordinator, after a cut from where it was cut, and checks its sum. What `write` got counts only
 * once this has resolved.
 *
 * @param write takes the chunks in order
 * @throws VernierError BLOB_NOT_FOUND, BLOB_MISMATCH when other bytes came, COORDINATOR_UNREACHABLE
 */
export async function fetchBlob(
  api: Pick<CoordinatorApi, 'readBlob'>,
  sha256: string,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  let held = 0;
  for (let fruitless = 0; ;) {
    const before = held;
    try {
      await api.readBlob(sha256, held, async (chunk) => {
        await write(chunk);
        hash.update(chunk);
        held += chunk.length;
      });
      break;
    } catch (error) {
      fruitless = held > before ? 0 : fruitless + 1;
      const outage = error instanceof VernierError && error.code === 'COORDINATOR_UNREACHABLE';
      if (!outage || fruitless === MAX_TRIES) throw error;
    }
  }
  const found = hash.digest('hex');
  if (found !== sha256) {
    throw new VernierError(
      'BLOB_MISMATCH',
      `blob ${sha256.slice(0, 12)}...: its bytes have the sum ${found.slice(0, 12)}...`,
      {
        mend: "the store's file of it is damaged",
      },
    );
  }
}
