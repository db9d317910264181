import type { ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { VernierError } from '../../proto/errors.js';
import type { BlobsHandlers } from '../../proto/generated/vernier/v1/Blobs.js';
import type { GetBlobRequest__Output } from '../../proto/generated/vernier/v1/GetBlobRequest.js';
import type { BlobChunk } from '../../proto/generated/vernier/v1/BlobChunk.js';
import type { PutBlobRequest__Output } from '../../proto/generated/vernier/v1/PutBlobRequest.js';
import type { StatBlobResponse } from '../../proto/generated/vernier/v1/StatBlobResponse.js';
import type { BlobFolder } from '../store/blobs.js';
import { answer, endWith, write } from './calls.js';
import type { Clock } from './clock.js';

const MAX_CHUNK_BYTES = 1024 * 1024;
/** A transfer that brings nothing for so long is given up; others of the same blob wait for it. */
const IDLE_MS = 30_000;

/** The Blobs service. */
export function blobHandlers(blobs: BlobFolder, clock: Clock): BlobsHandlers {
  return {
    StatBlob: ({ request: { sha256 } }, callback) =>
      answer<StatBlobResponse>(callback, async () => ({ sha256, ...(await blobs.stat(sha256)) })),
    PutBlob: (call, callback) => answer<StatBlobResponse>(callback, () => put(blobs, call, clock)),
    GetBlob: (call) => void get(blobs, call),
  };
}

async function put(
  blobs: BlobFolder,
  call: ServerReadableStream<PutBlobRequest__Output, StatBlobResponse>,
  clock: Clock,
): Promise<StatBlobResponse> {
  const messages = withIdleLimit(call, clock);
  const { value: first } = await messages.next();
  const header = first?.header;
  if (!header) throw new VernierError('PROTOCOL_VIOLATION', 'the first message of a transfer must be its header');
  const { sha256 } = header;
  return { sha256, ...(await blobs.put(header, chunksOf(messages))) };
}

async function* chunksOf(messages: AsyncIterable<PutBlobRequest__Output>): AsyncGenerator<Uint8Array> {
  for await (const { chunk } of messages) {
    if (!chunk) throw new VernierError('PROTOCOL_VIOLATION', 'a transfer has one header, and chunks after it');
    if (chunk.length > MAX_CHUNK_BYTES) {
      throw new VernierError('PROTOCOL_VIOLATION', `a chunk has at most ${MAX_CHUNK_BYTES} bytes, not ${chunk.length}`);
    }
    yield chunk;
  }
}

/** The limit is the sender's: while its messages wait to be taken, no time counts. */
async function* withIdleLimit<T>(call: ServerReadableStream<T, unknown>, clock: Clock): AsyncGenerator<T, undefined> {
  const messages = (call as AsyncIterable<T>)[Symbol.asyncIterator]();
  for (;;) {
    const cancel = clock.after(IDLE_MS, () => {
      call.destroy(new VernierError('PROTOCOL_VIOLATION', `nothing came for ${IDLE_MS / 1000} s`));
    });
    const next = await messages.next().finally(cancel);
    if (next.done) return undefined;
    yield next.value;
  }
}

async function get(blobs: BlobFolder, call: ServerWritableStream<GetBlobRequest__Output, BlobChunk>): Promise<void> {
  try {
    for await (const data of blobs.read(call.request.sha256, call.request.offset)) {
      if (!(await write(call, { data }))) return;
    }
    call.end();
  } catch (error) {
    endWith(call, error);
  }
}
