import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { fromGrpcError, VernierError } from '../../proto/errors.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { Hello } from '../../proto/generated/vernier/v1/Hello.js';
import type { Lease__Output } from '../../proto/generated/vernier/v1/Lease.js';
import type { TrialResult } from '../../proto/generated/vernier/v1/TrialResult.js';
import type { WorkerMessage } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { WorkersClient } from '../../proto/generated/vernier/v1/Workers.js';
import { vernierProto } from '../../proto/grpc.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import { epochToWire, metricsToWire } from '../../proto/wire.js';
import { resultOf } from './schedule-world.js';
import { TINY_DATA } from './search-fixtures.js';

type Kind = Exclude<keyof CoordinatorMessage__Output, 'message'>;
type Payload<K extends Kind> = NonNullable<CoordinatorMessage__Output[K]>;

/** A worker's end of the wire that a test plays by hand. */
export class ScriptedWorker {
  private readonly client: WorkersClient;
  private readonly call: ReturnType<WorkersClient['session']>;
  private readonly inbox: CoordinatorMessage__Output[] = [];
  private readonly waiting: (() => void)[] = [];
  /** How the stream ended: undefined for OK. */
  readonly ended: Promise<VernierError | undefined>;
  private over = false;

  constructor(address: string) {
    this.client = new vernierProto.Workers(address, credentials.createInsecure());
    this.call = this.client.session();
    this.call.on('data', (message: CoordinatorMessage__Output) => {
      this.inbox.push(message);
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      const end = (error?: VernierError) => {
        this.over = true;
        resolve(error);
        this.wake();
      };
      this.call.on('error', (error: ServiceError) => {
        end(error.code === status.CANCELLED ? undefined : fromGrpcError(error));
      });
      this.call.on('end', () => end());
    });
  }

  /** A worker that has introduced itself and was welcomed. */
  static async join(address: string, hello: Partial<Hello> = {}): Promise<ScriptedWorker> {
    const worker = new ScriptedWorker(address);
    worker.hello(hello);
    await worker.next('welcome');
    return worker;
  }

  hello(changes: Partial<Hello> = {}): void {
    this.send({
      hello: {
        protocolVersion: PROTOCOL_VERSION,
        numericsVersion: NUMERICS_VERSION,
        worker: 'w-1',
        threads: 1,
        kernel: 'wasm',
        datasets: [TINY_DATA],
        ...changes,
      },
    });
  }

  send(message: WorkerMessage): void {
    this.call.write(message);
  }

  demand(free = 1): void {
    this.send({ demand: { free } });
  }

  /** The next message of the kind, whether it is here or yet to come; messages of other kinds stay. */
  async next<K extends Kind>(kind: K): Promise<Payload<K>> {
    for (;;) {
      const index = this.inbox.findIndex((message) => message.message === kind);
      if (index >= 0) return this.inbox.splice(index, 1)[0]![kind] as Payload<K>;
      if (this.over) throw new Error(`the stream ended without ${kind}: ${String(await this.ended)}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** The one lease that comes next. */
  async lease(): Promise<Lease__Output> {
    const { leases } = await this.next('grant');
    if (leases.length !== 1) throw new Error(`${leases.length} leases at once`);
    return leases[0]!;
  }

  /** Sends what the trial's program gives. */
  finish(lease: Lease__Output, changes: Partial<TrialResult> = {}): void {
    this.send({ result: { ...wireResult(lease), ...changes } });
  }

  /** Kinds of the messages that came and were not taken. */
  get left(): string[] {
    return this.inbox.map(({ message }) => message ?? '');
  }

  /** Runs whatever it is granted until the stream ends. */
  async runAll(): Promise<void> {
    this.demand(1);
    for (;;) {
      const granted = await Promise.race([this.next('grant').catch(() => undefined), this.ended]);
      if (granted === undefined || granted instanceof VernierError) return;
      for (const lease of granted.leases) this.finish(lease);
    }
  }

  /** The connection breaks, nothing is said. */
  drop(): void {
    this.call.cancel();
    this.client.close();
  }

  /** Ends its side in order. */
  leave(): void {
    this.call.end();
  }

  private wake(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}

export function wireResult(lease: Lease__Output): TrialResult {
  const { outcome, results } = resultOf(lease);
  return {
    token: lease.token,
    outcome: outcome === 'completed' ? 'OUTCOME_COMPLETED' : 'OUTCOME_DIVERGED',
    epochs: results.epochs.map(epochToWire),
    metrics: metricsToWire(results.metrics),
    weightsSha256: results.weightsSha256,
    free: 1,
  };
}
