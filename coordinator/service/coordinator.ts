import { randomBytes } from 'node:crypto';
import { Server } from '@grpc/grpc-js';
import { vernierProto } from '../../proto/grpc.js';
import type { VernierError } from '../../proto/errors.js';
import { thisMachine } from '../../proto/machine.js';
import { Schedule } from '../schedule/schedule.js';
import { BlobFolder } from '../store/blobs.js';
import { lockStore } from '../store/lock.js';
import { SqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { blobHandlers } from './blob-transfers.js';
import { systemClock, type Clock } from './clock.js';
import { Engine } from './engine.js';
import { isLoopback, listenOn } from './listen.js';
import { Searches } from './searches.js';
import { WorkerSessions } from './worker-sessions.js';

const DEFAULT_LEASE_MS = 15_000;
const DEFAULT_RENEW_MS = 5_000;
/** How long workers have to leave at a shutdown before their connections are cut. */
const SHUTDOWN_MS = 5_000;
/** How long calls under way have to hear how they ended. */
const CLOSE_MS = 1_000;
const ORPHAN_SWEEP_MS = 60 * 60 * 1000;

export interface CoordinatorOptions {
  /** HOST:PORT, port 0 for any free one. */
  listen: string;
  /** SQLite file; blobs lie beside it in the folder FILE-blobs. */
  store: string;
  log?: (line: string) => void;
  /** How long a lease lives unless it is renewed. */
  leaseMs?: number;
  /** How often workers renew. */
  renewMs?: number;
  clock?: Clock;
  /** Opens the store's file, which is locked by then. */
  openStore?: (file: string) => Store;
}

export interface Coordinator {
  /** host:port really bound. */
  readonly address: string;
  /** Resolves when the coordinator could not go on and has closed, its store being broken for instance; never rejects. */
  readonly failed: Promise<VernierError>;
  /** From now on only this search's trials are granted; others of the store wait for another coordinator. */
  serveOnly(search: string): void;
  /** So many threads of workers are about to come: until they have, trials are shared out as if they were there. */
  expectThreads(threads: number): void;
  /**
   * Workers whose names begin so have ended for good, and cannot come back: their trials wait for others at once, not when
   * their leases have run out.
   */
  workersGone(namesBegin: string): void;
  /** Tells every worker Shutdown (they end their processes), then closes. */
  shutdown(reason: string): Promise<void>;
  /** Stops serving; workers keep their leases and look for it again. */
  close(): Promise<void>;
}

/**
 * Opens a store, takes up the searches left running in it, and serves.
 *
 * @throws VernierError PORT_IN_USE, ADDRESS_INVALID, STORE_LOCKED, STORE_NEWER, STORE_CORRUPT, STORE_UNWRITABLE, STORE_FULL
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { listen, clock = systemClock, openStore = (file: string) => SqliteStore.open(file) } = options;
  const log = oneLine(options.log ?? (() => undefined));
  if (!isLoopback(listen)) {
    log(`warning: ${listen} can be reached from other machines, unencrypted and by anybody: trusted networks only`);
  }
  const lock = lockStore(options.store);
  let store: Store | undefined;
  let serving: Serving | undefined;
  try {
    store = openStore(lock.file);
    // After the store: nothing is made beside a file that is none.
    const blobs = new BlobFolder(`${lock.file}-blobs`);
    serving = new Serving(store, blobs, { ...options, clock, log }, () => lock.release());
    const address = await listenOn(serving.server, listen);
    lock.announce(address);
    serving.start();
    return Object.assign(serving, { address });
  } catch (error) {
    serving?.server.forceShutdown();
    store?.close();
    lock.release();
    throw error;
  }
}

/** Schedule, store and services together. */
class Serving {
  readonly server: Server;
  readonly failed: Promise<VernierError>;
  private readonly engine: Engine;
  private readonly searches: Searches;
  private readonly workers: WorkerSessions;
  private cancelSweep: () => void = () => undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly store: Store,
    private readonly blobs: BlobFolder,
    private readonly options: CoordinatorOptions & { clock: Clock; log: (line: string) => void },
    private readonly release: () => void,
  ) {
    const { clock, log, leaseMs = DEFAULT_LEASE_MS, renewMs = DEFAULT_RENEW_MS } = options;
    const schedule = new Schedule(leaseMs, {
      newToken: () => randomBytes(16).toString('base64url'),
      attemptEnd: (token) => store.attemptEnd(token),
    });
    let fail: (error: VernierError) => void = () => undefined;
    const broken = new Promise<VernierError>((resolve) => (fail = resolve));
    this.failed = broken.then(async (error) => {
      await this.close().catch((reason: unknown) => log(`closing failed: ${String(reason)}`));
      return error;
    });
    this.engine = new Engine({
      store,
      schedule,
      clock,
      log,
      onDropped: (blob) => {
        blobs.remove(blob).catch((error: unknown) => log(`blob ${blob} was not removed: ${String(error)}`));
      },
      onFailed: fail,
    });
    const { engine } = this;
    this.searches = new Searches({ engine, schedule, store, clock, log, machine: thisMachine() });
    const terms = { coordinator: store.id, leaseMs, renewMs };
    this.workers = new WorkerSessions({ engine, blobs, terms, clock, log });
    this.server = new Server({
      // A cut network is noticed within a lease's length, also where no packet ever comes back.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
    });
    this.server.addService(vernierProto.Searches.service, this.searches.handlers);
    this.server.addService(vernierProto.Workers.service, this.workers.handlers);
    this.server.addService(vernierProto.Blobs.service, blobHandlers(blobs, clock));
  }

  start(): void {
    this.engine.start();
    this.sweep();
  }

  serveOnly(search: string): void {
    this.engine.dispatch({ kind: 'focus', search });
  }

  expectThreads(threads: number): void {
    this.engine.dispatch({ kind: 'expect', threads });
  }

  workersGone(namesBegin: string): void {
    this.engine.dispatch({ kind: 'workers-gone', namesBegin });
  }

  async shutdown(reason: string): Promise<void> {
    let cancel: () => void = () => undefined;
    const timeout = new Promise<void>((resolve) => (cancel = this.options.clock.after(SHUTDOWN_MS, resolve)));
    await Promise.race([this.workers.shutdown(reason), timeout]);
    cancel();
    await this.close();
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.cancelSweep();
    this.engine.stop();
    this.workers.close();
    this.searches.close();
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.after(CLOSE_MS, () => {
        this.server.forceShutdown();
        resolve();
      });
      this.server.tryShutdown(() => {
        cancel();
        resolve();
      });
    });
    try {
      this.store.close();
    } finally {
      this.release();
    }
  }

  private sweep(): void {
    const { clock, log } = this.options;
    try {
      const removed = this.blobs.removeOrphans(this.store.referencedBlobs(), clock.unixMs());
      if (removed > 0) log(`${removed} blobs that nothing refers to were removed`);
    } catch (error) {
      log(`blobs that nothing refers to were not removed: ${String(error)}`);
    }
    this.cancelSweep = clock.after(ORPHAN_SWEEP_MS, () => this.sweep());
  }
}

/** Texts of workers and files stay within their line. */
function oneLine(log: (line: string) => void): (line: string) => void {
  return (line) => log(line.replaceAll(/\p{Cc}+/gu, ' '));
}
