import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { startCoordinator, type Coordinator, type CoordinatorOptions } from '../../coordinator/service/coordinator.js';
import { fromGrpcError } from '../../proto/errors.js';
import type { BlobsClient } from '../../proto/generated/vernier/v1/Blobs.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchesClient } from '../../proto/generated/vernier/v1/Searches.js';
import type { SearchEvent__Output } from '../../proto/generated/vernier/v1/SearchEvent.js';
import type { SubmitSearchRequest } from '../../proto/generated/vernier/v1/SubmitSearchRequest.js';
import type { SubmitSearchResponse__Output } from '../../proto/generated/vernier/v1/SubmitSearchResponse.js';
import { vernierProto } from '../../proto/grpc.js';
import { TINY_DATA } from './search-fixtures.js';

export const TINY_SEARCH = `
name: tiny-search
seed: 42
metric: {name: val_accuracy, goal: maximize}
trial:
  kind: two-layer
  dataset: {name: tiny, train: 80, validation: 20}
  hidden: 4
  batch_size: 10
  learning_rate: {schedule: constant, value: 0.1}
  epochs: 2
parameters:
  lambda: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1}
rounds:
  - {name: coarse, method: random, trials: 3}
  - {name: fine, method: random, trials: 2, narrow: {between: {best: 2}}, carry: {best: 1}}
`;

/** A folder for one test's store, its coordinators and clients; everything is closed and removed by `dispose`. */
export class CoordinatorFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'vernier-coordinator-'));
  readonly store = join(this.folder, 'store.db');
  readonly log: string[] = [];
  private readonly coordinators: Coordinator[] = [];
  private readonly clients: { close(): void }[] = [];

  async start(options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
    const log = (line: string) => void this.log.push(line);
    const coordinator = await startCoordinator({ listen: '127.0.0.1:0', store: this.store, log, ...options });
    this.coordinators.push(coordinator);
    return coordinator;
  }

  searches(address: string): SearchesApi {
    const client = new vernierProto.Searches(address, credentials.createInsecure());
    this.clients.push(client);
    return new SearchesApi(client);
  }

  blobs(address: string): BlobsClient {
    const client = new vernierProto.Blobs(address, credentials.createInsecure());
    this.clients.push(client);
    return client;
  }

  /** Closes every coordinator; their store stays. */
  async closeAll(): Promise<void> {
    await Promise.all(this.coordinators.splice(0).map((coordinator) => coordinator.close()));
  }

  async shutdownAll(reason: string): Promise<void> {
    await Promise.all(this.coordinators.splice(0).map((coordinator) => coordinator.shutdown(reason)));
  }

  async dispose(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.closeAll();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A call's answer; rejects with the VernierError that was thrown at the other end. */
export function call<T>(start: (done: (error: ServiceError | null, answer?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, answer) => {
      if (answer === undefined) reject(fromGrpcError(error));
      else resolve(answer);
    });
  });
}

export class SearchesApi {
  constructor(readonly client: SearchesClient) {}

  submit(changes: Partial<SubmitSearchRequest> = {}): Promise<SubmitSearchResponse__Output> {
    const request = { specYaml: TINY_SEARCH, fileName: 'tiny.yaml', datasets: [TINY_DATA], ...changes };
    return call((done) => this.client.submitSearch(request, done));
  }

  /** The id of a search that was just submitted. */
  async submitted(changes: Partial<SubmitSearchRequest> = {}): Promise<string> {
    return (await this.submit(changes)).search!.id;
  }

  get(id: string, options: { epochs?: boolean; configs?: boolean } = {}): Promise<SearchDetail__Output> {
    return call((done) => this.client.getSearch({ id, ...options }, done));
  }

  watch(id: string): Watch {
    return new Watch(this.client, id);
  }
}

/** The events of a watched search. */
export class Watch {
  readonly events: SearchEvent__Output[] = [];
  private readonly stream: ReturnType<SearchesClient['watchSearch']>;
  private readonly waiting: (() => void)[] = [];
  /** Resolves with the error the stream ended with, if it did. */
  readonly ended: Promise<unknown>;

  constructor(client: SearchesClient, id: string) {
    this.stream = client.watchSearch({ id });
    this.stream.on('data', (event: SearchEvent__Output) => {
      this.events.push(event);
      for (const resume of this.waiting.splice(0)) resume();
    });
    this.ended = new Promise((resolve) => {
      this.stream.on('error', (error) => resolve(fromGrpcError(error)));
      this.stream.on('end', () => resolve(undefined));
    });
  }

  /** The first event, whether it is here or yet to come, of which `holds`. */
  async until(holds: (event: SearchEvent__Output) => boolean): Promise<SearchEvent__Output> {
    for (;;) {
      const found = this.events.find(holds);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  cancel(): void {
    this.stream.cancel();
  }
}
