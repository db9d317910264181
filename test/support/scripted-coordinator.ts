import { createHash } from 'node:crypto';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import { toGrpcError, VernierError } from '../../proto/errors.js';
import type { CoordinatorMessage } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { Lease } from '../../proto/generated/vernier/v1/Lease.js';
import type { WorkerMessage__Output } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { BlobsHandlers } from '../../proto/generated/vernier/v1/Blobs.js';
import type { WorkersHandlers } from '../../proto/generated/vernier/v1/Workers.js';
import { vernierProto } from '../../proto/grpc.js';

type Kind = Exclude<keyof WorkerMessage__Output, 'message'>;
type Payload<K extends Kind> = NonNullable<WorkerMessage__Output[K]>;

/** A coordinator's end of the wire that a test plays by hand: real gRPC on a free port of 127.0.0.1. */
export class ScriptedCoordinator {
  readonly blobs = new Map<string, Buffer>();
  /** Answered to Hello; a refusal when set. */
  refusal: VernierError | undefined;
  terms = { leaseMs: 60_000, renewMs: 20_000 };
  /** Answer renewals by themselves, as a living coordinator does. */
  answersRenewals = true;
  private server = new Server();
  private stream: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage> | undefined;
  private readonly inbox: WorkerMessage__Output[] = [];
  private readonly waiting: (() => void)[] = [];
  port = 0;

  static async start(changes: Partial<Pick<ScriptedCoordinator, 'refusal' | 'terms' | 'answersRenewals'>> = {}) {
    const coordinator = Object.assign(new ScriptedCoordinator(), changes);
    await coordinator.listen();
    return coordinator;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    this.server = new Server();
    this.server.addService(vernierProto.Workers.service, this.workers());
    this.server.addService(vernierProto.Blobs.service, this.blobStore());
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  /** As kill -9 does: connections break, nothing is said. */
  stop(): void {
    this.server.forceShutdown();
  }

  send(message: CoordinatorMessage): void {
    this.stream?.write(message);
  }

  /** In one Grant. */
  grant(...leases: (Partial<Lease> & { token: string })[]): void {
    const whole = leases.map((lease) => ({
      search: 's',
      trial: 1,
      attempt: 1,
      leaseMs: this.terms.leaseMs,
      configJson: '{}',
      seed: 1,
      ...lease,
    }));
    this.send({ grant: { leases: whole } });
  }

  /** Breaks the stream, and only the stream. */
  dropStream(): void {
    this.stream?.emit('error', { code: status.UNAVAILABLE, details: 'dropped by the test' });
  }

  /** The next message of the kind, whether it is here or yet to come; messages of other kinds stay. */
  async next<K extends Kind>(kind: K): Promise<Payload<K>> {
    for (;;) {
      const index = this.inbox.findIndex((message) => message.message === kind);
      if (index >= 0) return this.inbox.splice(index, 1)[0]![kind] as Payload<K>;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Kinds of the messages that came and were not taken. */
  get left(): string[] {
    return this.inbox.map(({ message }) => message ?? '');
  }

  private workers(): WorkersHandlers {
    return {
      Session: (call) => {
        this.stream = call;
        call.on('error', () => undefined); // a dropped stream
        call.on('end', () => call.end());
        call.on('data', (message: WorkerMessage__Output) => {
          this.inbox.push(message);
          if (message.hello) this.greet(call);
          if (message.renewal && this.answersRenewals) call.write({ renewed: { tokens: message.renewal.tokens } });
          for (const wake of this.waiting.splice(0)) wake();
        });
      },
    };
  }

  private greet(call: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>): void {
    if (this.refusal === undefined) call.write({ welcome: { coordinator: 'scripted', ...this.terms } });
    else call.emit('error', toGrpcError(this.refusal));
  }

  private blobStore(): BlobsHandlers {
    return {
      StatBlob: ({ request: { sha256 } }, callback) => {
        const held = this.blobs.get(sha256)?.length ?? 0;
        const complete = held > 0 && sha256Of(this.blobs.get(sha256)!) === sha256;
        callback(null, { sha256, held, size: complete ? held : 0, complete });
      },
      PutBlob: (call, callback) => {
        let sha256 = '';
        call.on('data', ({ header, chunk }: { header?: { sha256: string; offset: number }; chunk?: Buffer }) => {
          if (header) {
            sha256 = header.sha256;
            this.blobs.set(sha256, (this.blobs.get(sha256) ?? Buffer.alloc(0)).subarray(0, header.offset));
          }
          if (chunk) this.blobs.set(sha256, Buffer.concat([this.blobs.get(sha256)!, chunk]));
        });
        call.on('end', () => {
          const bytes = this.blobs.get(sha256)!;
          if (sha256Of(bytes) === sha256)
            callback(null, { sha256, size: bytes.length, held: bytes.length, complete: true });
          else callback(toGrpcError(new VernierError('BLOB_MISMATCH', 'other bytes')));
        });
      },
      GetBlob: (call) => call.end(),
    };
  }
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
