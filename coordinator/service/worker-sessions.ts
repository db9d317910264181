import type { ServerDuplexStream } from '@grpc/grpc-js';
import { toGrpcError, VernierError } from '../../proto/errors.js';
import type { CoordinatorMessage } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { WorkerMessage__Output } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { WorkersHandlers } from '../../proto/generated/vernier/v1/Workers.js';
import type { SessionId, WorkerEvent } from '../schedule/events.js';
import type { BlobFolder } from '../store/blobs.js';
import type { Clock } from './clock.js';
import type { Engine } from './engine.js';
import { eventFromWire, introductionFromWire, messageToWire, type WelcomeTerms } from './worker-wire.js';

/** A stream that says nothing for so long is no worker. */
const HELLO_TIMEOUT_MS = 10_000;

type Call = ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>;

export interface WorkerSessionsOptions {
  engine: Engine;
  blobs: BlobFolder;
  terms: WelcomeTerms;
  clock: Clock;
  log: (line: string) => void;
}

/** The Workers service: every worker's stream, from its Hello to its end. */
export class WorkerSessions {
  private readonly sessions = new Set<WorkerSession>();
  private stopping: VernierError | undefined;

  constructor(private readonly options: WorkerSessionsOptions) {}

  get handlers(): WorkersHandlers {
    return {
      Session: (call) => {
        const session = new WorkerSession(call, this.options, () => this.sessions.delete(session));
        this.sessions.add(session);
        if (this.stopping !== undefined) session.refuse(this.stopping);
      },
    };
  }

  /** Tells every worker that the coordinator goes for good, and waits until they have gone. New ones are refused. */
  async shutdown(reason: string): Promise<void> {
    this.stopping = new VernierError('COORDINATOR_STOPPING', reason);
    await Promise.all([...this.sessions].map((session) => session.shutdown(reason)));
  }

  /** Ends every stream; workers take that as an outage and come back. */
  close(): void {
    this.stopping = new VernierError('COORDINATOR_STOPPING', 'the coordinator is stopping');
    for (const session of this.sessions) session.refuse(this.stopping);
  }
}

class WorkerSession {
  private readonly id: SessionId;
  /** Whether Hello has come. */
  private introduced = false;
  private over = false;
  private readonly cancelHelloTimer: () => void;
  private resolveEnded: () => void = () => undefined;
  private readonly ended = new Promise<void>((resolve) => (this.resolveEnded = resolve));

  constructor(
    private readonly call: Call,
    private readonly options: WorkerSessionsOptions,
    private readonly onEnd: () => void,
  ) {
    this.id = options.engine.attach({
      send: (message) => this.write(messageToWire(message, options.terms)),
      supersede: () => this.refuse(new VernierError('PROTOCOL_VIOLATION', 'the worker has a newer stream')),
    });
    this.cancelHelloTimer = options.clock.after(HELLO_TIMEOUT_MS, () => {
      this.refuse(new VernierError('PROTOCOL_VIOLATION', `no Hello within ${HELLO_TIMEOUT_MS / 1000} s`));
    });
    call.on('data', (message: WorkerMessage__Output) => this.receive(message));
    call.on('end', () => this.end());
    call.on('cancelled', () => this.end());
    call.on('close', () => this.end());
    call.on('error', () => this.end());
  }

  /** Ends the stream with an error. */
  refuse(error: VernierError): void {
    if (this.over) return;
    const refusal = toGrpcError(error);
    this.finish();
    this.call.emit('error', refusal); // grpc-js sends it as the call's status
  }

  async shutdown(reason: string): Promise<void> {
    this.write({ shutdown: { reason } });
    await this.ended;
  }

  private receive(message: WorkerMessage__Output): void {
    if (this.over) return;
    try {
      if (!this.introduced) {
        if (!message.hello) {
          const kind = message.message ?? 'an empty one';
          throw new VernierError('PROTOCOL_VIOLATION', `the first message must be Hello, not ${kind}`);
        }
        const introduction = introductionFromWire(message.hello);
        this.introduced = true;
        this.cancelHelloTimer();
        this.options.engine.dispatch({ kind: 'hello', session: this.id, introduction });
        return;
      }
      this.options.engine.dispatch(this.withBlob(eventFromWire(this.id, message)));
    } catch (error) {
      const known =
        error instanceof VernierError ? error : new VernierError('INTERNAL', String(error), { cause: error });
      this.options.log(`a worker at ${this.call.getPeer()} was refused: ${known.message}`);
      this.refuse(known);
    }
  }

  /** A result counts without its weights when they are not here: they can be made again. */
  private withBlob(event: WorkerEvent): WorkerEvent {
    if (event.kind !== 'result' || !('results' in event.report)) return event;
    const { outcome, results } = event.report;
    if (results.weightsBlob === '' || this.options.blobs.isComplete(results.weightsBlob)) return event;
    this.options.log(`a result names blob ${results.weightsBlob}, which is not here: it is stored without its weights`);
    return { ...event, report: { outcome, results: { ...results, weightsBlob: '' } } };
  }

  private write(message: CoordinatorMessage): void {
    if (!this.over) this.call.write(message);
  }

  /** The other side has ended the stream, or it broke. */
  private end(): void {
    if (this.over) return;
    this.finish();
    this.call.end();
  }

  private finish(): void {
    this.over = true;
    this.cancelHelloTimer();
    this.options.engine.detach(this.id);
    if (this.introduced) this.options.engine.dispatch({ kind: 'stream-lost', session: this.id });
    this.onEnd();
    this.resolveEnded();
  }
}
