import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { connectionCause, fromGrpcError, VernierError } from '../../proto/errors.js';
import type { BlobsClient } from '../../proto/generated/vernier/v1/Blobs.js';
import type { GetSearchRequest } from '../../proto/generated/vernier/v1/GetSearchRequest.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchesClient } from '../../proto/generated/vernier/v1/Searches.js';
import type { SearchEvent__Output } from '../../proto/generated/vernier/v1/SearchEvent.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';
import type { SubmitSearchRequest } from '../../proto/generated/vernier/v1/SubmitSearchRequest.js';
import { vernierProto } from '../../proto/grpc.js';

/** A coordinator that is there answers within milliseconds; a firewall that swallows packets never does. */
const CALL_DEADLINE_MS = 30_000;

const CHANNEL_OPTIONS = {
  // A coordinator that was restarted is found again soon.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A cut network ends a watch that nothing else would end.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // A search of many thousand trials is one answer.
  'grpc.max_receive_message_length': 512 * 1024 * 1024,
  // The operating system's proxy settings are not for machines of one's own.
  'grpc.enable_http_proxy': 0,
};

type Answer<T> = (error: ServiceError | null, answer?: T) => void;

/**
 * A coordinator's calls as commands use them. They reject with the VernierError that the coordinator threw, or
 * COORDINATOR_UNREACHABLE.
 */
export class CoordinatorApi {
  private readonly searches: SearchesClient;
  private readonly blobs: BlobsClient;

  /** Connects when first used. */
  constructor(readonly address: string) {
    this.searches = new vernierProto.Searches(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.blobs = new vernierProto.Blobs(address, credentials.createInsecure(), {
      channelOverride: this.searches.getChannel(),
    });
  }

  close(): void {
    this.searches.close();
  }

  async submit(request: SubmitSearchRequest): Promise<{ search: SearchSummary__Output; created: boolean }> {
    const { search, created } = await this.call<{ search: SearchSummary__Output | null; created: boolean }>((done) =>
      this.searches.submitSearch(request, deadline(), done),
    );
    if (search === null) throw new VernierError('PROTOCOL_VIOLATION', 'the coordinator answered without the search');
    return { search, created };
  }

  get(request: GetSearchRequest): Promise<SearchDetail__Output> {
    return this.call((done) => this.searches.getSearch(request, deadline(), done));
  }

  cancel(id: string): Promise<SearchSummary__Output> {
    return this.call((done) => this.searches.cancelSearch({ id }, deadline(), done));
  }

  /** Newest first, at most `limit`. */
  async list(limit: number): Promise<SearchSummary__Output[]> {
    const found: SearchSummary__Output[] = [];
    let pageToken = '';
    do {
      const request = { pageSize: Math.min(500, limit - found.length), pageToken };
      const page = await this.call<{ searches: SearchSummary__Output[]; nextPageToken: string }>((done) =>
        this.searches.listSearches(request, deadline(), done),
      );
      found.push(...page.searches);
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && found.length < limit);
    return found;
  }

  /** Resolves when the search has ended, the coordinator ends the stream or `signal` is aborted. */
  watch(id: string, onEvent: (event: SearchEvent__Output) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.searches.watchSearch({ id });
      const abort = () => call.cancel();
      const settle = (error?: Error) => {
        signal.removeEventListener('abort', abort);
        if (error === undefined || signal.aborted) resolve();
        else reject(this.told(error));
      };
      call.on('data', (event: SearchEvent__Output) => {
        try {
          onEvent(event);
        } catch (error) {
          reject(error);
          call.cancel();
        }
      });
      call.on('error', settle);
      call.on('end', () => settle());
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }

  /** A blob's bytes from `offset` on, chunk by chunk. Awaits each chunk's handler before it reads the next. */
  async readBlob(sha256: string, offset: number, onChunk: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    const call = this.blobs.getBlob({ sha256, offset });
    try {
      for await (const { data } of call as AsyncIterable<{ data: Buffer }>) await onChunk(data);
    } catch (error) {
      throw this.told(error);
    } finally {
      call.cancel();
    }
  }

  private call<T>(start: (done: Answer<T>) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, answer) => {
        if (answer === undefined) reject(this.told(error));
        else resolve(answer);
      });
    });
  }

  /** An unreachable coordinator with its address and the mend; other errors as they came. */
  private told(error: unknown): VernierError {
    const known = fromGrpcError(error);
    if (known.code !== 'COORDINATOR_UNREACHABLE') return known;
    const { code, details = '' } = error as Partial<ServiceError>;
    const silent = `no answer for ${CALL_DEADLINE_MS / 1000} s`;
    const why = code === status.DEADLINE_EXCEEDED ? silent : connectionCause(details);
    return new VernierError('COORDINATOR_UNREACHABLE', `no coordinator at ${this.address}: ${why}`, {
      mend: 'check the address, that `vernier coordinator` runs there, and that no firewall is between',
      cause: error,
    });
  }
}

function deadline(): { deadline: number } {
  return { deadline: Date.now() + CALL_DEADLINE_MS };
}

/** The coordinator is not there, or is about to go: another may come in its place. */
export function isOutage(error: unknown): error is VernierError {
  return (
    error instanceof VernierError && (error.code === 'COORDINATOR_UNREACHABLE' || error.code === 'COORDINATOR_STOPPING')
  );
}
