import { sha256Hex } from '../../proto/canonical.js';
import { fromGrpcError } from '../../proto/errors.js';
import type { BlobsClient } from '../../proto/generated/vernier/v1/Blobs.js';
import type { StatBlobResponse__Output } from '../../proto/generated/vernier/v1/StatBlobResponse.js';

/** Well under a message's 4 MiB and the contract's 1 MiB a chunk. */
const CHUNK_BYTES = 512 * 1024;
/** A transfer that takes longer is given up; what arrived is kept, and the next goes on from there. */
const DEADLINE_MS = 120_000;

/**
 * Puts bytes into the coordinator's blob store, from where a former transfer was cut.
 *
 * @returns the blob's name, SHA-256 of the bytes
 * @throws VernierError what the coordinator answered, e.g. STORE_FULL, COORDINATOR_UNREACHABLE
 */
export async function uploadBlob(client: BlobsClient, bytes: Uint8Array): Promise<string> {
  const sha256 = sha256Hex(bytes);
  const { held, complete } = await stat(client, sha256);
  if (!complete) await put(client, bytes, sha256, held);
  return sha256;
}

function stat(client: BlobsClient, sha256: string): Promise<StatBlobResponse__Output> {
  return new Promise((resolve, reject) => {
    client.statBlob({ sha256 }, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
      if (answer === undefined) reject(fromGrpcError(error));
      else resolve(answer);
    });
  });
}

function put(client: BlobsClient, bytes: Uint8Array, sha256: string, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.putBlob({ deadline: Date.now() + DEADLINE_MS }, (error) => {
      if (error === null) resolve();
      else reject(fromGrpcError(error));
    });
    call.write({ header: { sha256, size: bytes.length, offset } });
    let at = offset;
    const pump = () => {
      while (at < bytes.length) {
        const chunk = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK_BYTES, bytes.length - at));
        at += chunk.length;
        if (!call.write({ chunk })) {
          call.once('drain', pump);
          return;
        }
      }
      call.end();
    };
    pump();
  });
}
