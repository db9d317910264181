import { credentials, type ChannelOptions } from '@grpc/grpc-js';
import { fromGrpcError, VernierError } from '../../proto/errors.js';
import type { BlobsClient } from '../../proto/generated/vernier/v1/Blobs.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { WorkerMessage } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { WorkersClient } from '../../proto/generated/vernier/v1/Workers.js';
import { vernierProto } from '../../proto/grpc.js';

const CHANNEL_OPTIONS: ChannelOptions = {
  // A cut network is noticed within 15 s, a lease's length, also where no packet ever comes back.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // The session spaces its attempts itself; the channel must not sit one out on its own.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // The operating system's proxy settings are not for machines of one's own.
  'grpc.enable_http_proxy': 0,
};

export interface CoordinatorClients {
  workers: WorkersClient;
  blobs: BlobsClient;
  close(): void;
}

/** Connects when first used. */
export function coordinatorClients(address: string): CoordinatorClients {
  const workers = new vernierProto.Workers(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  const blobs = new vernierProto.Blobs(address, credentials.createInsecure(), {
    channelOverride: workers.getChannel(),
  });
  return { workers, blobs, close: () => workers.close() };
}

export interface StreamEvents {
  message(message: CoordinatorMessage__Output): void;
  /** Once, however the stream ended; never after close() or abandon(). */
  lost(error: VernierError): void;
}

/** One Session stream, from its Hello to its end. */
export class SessionStream {
  private readonly call: ReturnType<WorkersClient['session']>;
  private over = false;

  constructor(
    client: WorkersClient,
    private readonly events: StreamEvents,
  ) {
    this.call = client.session();
    this.call.on('data', (message: CoordinatorMessage__Output) => {
      if (!this.over) this.events.message(message);
    });
    this.call.on('error', (error: Error) => this.lose(fromGrpcError(error)));
    this.call.on('end', () =>
      this.lose(new VernierError('COORDINATOR_STOPPING', 'the coordinator ended the connection')),
    );
  }

  send(message: WorkerMessage): void {
    if (!this.over) this.call.write(message);
  }

  /** Ends in order: what was sent arrives. Resolves when the coordinator has ended its side too, or the stream broke. */
  async close(): Promise<void> {
    if (this.over) return;
    this.over = true;
    await new Promise<void>((resolve) => {
      this.call.on('status', () => resolve());
      this.call.end();
    });
  }

  /** Gives the stream up at once. */
  abandon(): void {
    this.over = true;
    this.call.cancel();
  }

  private lose(error: VernierError): void {
    if (this.over) return;
    this.over = true;
    this.call.cancel();
    this.events.lost(error);
  }
}
