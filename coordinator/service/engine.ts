import { toErrorPayload, VernierError } from '../../proto/errors.js';
import type { Effects, MessageToWorker, OutgoingMessage } from '../schedule/effects.js';
import type { ScheduleEvent, SessionId } from '../schedule/events.js';
import type { Schedule } from '../schedule/schedule.js';
import type { StoreWrite } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Clock } from './clock.js';

/** Time passes for the schedule at least so often. */
const HEARTBEAT_MS = 1_000;
/** Longer without a heartbeat, and this process itself was not running. */
const STALL_MS = 3 * HEARTBEAT_MS;
/** How often a store without room is tried again. */
const RETRY_MS = 1_000;

/** A worker's stream. */
export interface WorkerLink {
  send(message: MessageToWorker): void;
  /** The worker has a newer stream: this one is to be ended. */
  supersede(): void;
}

export interface Change {
  searches: ReadonlySet<string>;
  /** Workers came or went, or what searches wait for has changed. */
  workers: boolean;
}

export interface EngineOptions {
  store: Store;
  schedule: Schedule;
  clock: Clock;
  log: (line: string) => void;
  /** A blob that a trial has just given up. */
  onDropped: (blob: string) => void;
  /** The coordinator cannot go on, its store being broken for instance. What happens afterwards is not stored. */
  onFailed: (error: VernierError) => void;
}

/**
 * Between the schedule and the world. What happens in one turn of the event loop is stored by one commit; messages that rest
 * on it leave after that. While the store has no room, both are kept, the schedule starts nothing new, and the commit is
 * tried again.
 */
export class Engine {
  private readonly links = new Map<SessionId, WorkerLink>();
  private readonly listeners = new Set<(change: Change) => void>();
  private sessions = 0;
  private writes: StoreWrite[] = [];
  private messages: OutgoingMessage[] = [];
  private waiting: { resolve: () => void; reject: (error: VernierError) => void }[] = [];
  private changed = { searches: new Set<string>(), workers: false };
  private flushIsDue = false;
  /** Why nothing can be stored at present. */
  private full: VernierError | undefined;
  private stopped = false;
  private lastAliveMs: number;
  private cancelTick: () => void = () => undefined;
  private cancelRetry: () => void = () => undefined;

  constructor(private readonly options: EngineOptions) {
    this.lastAliveMs = options.clock.nowMs();
  }

  /** Takes up the searches that were left running. */
  start(): void {
    const { store } = this.options;
    const searches = store.runningSearches().flatMap((id) => store.search(id) ?? []);
    this.dispatch({ kind: 'recovered', searches });
    this.flush();
  }

  attach(link: WorkerLink): SessionId {
    this.sessions++;
    this.links.set(this.sessions, link);
    return this.sessions;
  }

  detach(session: SessionId): void {
    this.links.delete(session);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  dispatch(event: ScheduleEvent): void {
    if (this.stopped) return;
    const { clock, schedule, log } = this.options;
    const nowMs = clock.nowMs();
    try {
      if (nowMs - this.lastAliveMs > STALL_MS) {
        log(`this process stood still for ${Math.round((nowMs - this.lastAliveMs) / 1000)} s: leases are renewed`);
        this.absorb(schedule.handle({ kind: 'stalled' }, nowMs));
      }
      this.lastAliveMs = nowMs;
      this.absorb(schedule.handle(event, nowMs));
    } catch (error) {
      // Its state may be half changed, and must not be built on; the store's is whole.
      this.fail(asKnown(error));
      return;
    }
    this.cancelTick();
    const inMs = Math.min(HEARTBEAT_MS, Math.max(1, schedule.nextTickMs - nowMs));
    this.cancelTick = clock.after(inMs, () => this.dispatch({ kind: 'tick' }));
  }

  /**
   * Resolves when everything that has happened so far is stored.
   *
   * @throws VernierError STORE_FULL when that has to wait for room, COORDINATOR_STOPPING
   */
  committed(): Promise<void> {
    if (this.stopped) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.flushSoon();
    });
  }

  /** Stores what is left and ends. What cannot be stored was not acknowledged, so workers have it still. */
  stop(): void {
    if (this.stopped) return;
    this.commit();
    this.stopped = true;
    this.cancelTick();
    this.cancelRetry();
    this.rejectWaiting(stopping());
  }

  private absorb(effects: Effects): void {
    // Not pushed at once as arguments: a search may have more trials than a call may have arguments.
    for (const write of effects.writes) this.writes.push(write);
    for (const message of effects.messages) this.messages.push(message);
    for (const search of effects.changed) this.changed.searches.add(search);
    if (effects.workersChanged) this.changed.workers = true;
    for (const note of effects.notes) this.options.log(note);
    for (const { session, message } of effects.atOnce) this.links.get(session)?.send(message);
    for (const session of effects.superseded) this.links.get(session)?.supersede();
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.flushIsDue) return;
    this.flushIsDue = true;
    setImmediate(() => {
      this.flushIsDue = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.stopped) return;
    if (this.full === undefined) this.commit();
    // A full store is tried again when its time has come, not at every event.
    else this.rejectWaiting(this.full);
    this.tell();
  }

  private commit(): void {
    const { store, clock } = this.options;
    try {
      store.commit(this.writes, clock.unixMs());
    } catch (error) {
      this.commitFailed(asKnown(error));
      return;
    }
    const written = this.writes;
    this.writes = [];
    for (const { session, message } of this.messages.splice(0)) this.links.get(session)?.send(message);
    for (const { resolve } of this.waiting.splice(0)) resolve();
    if (this.full !== undefined) {
      this.full = undefined;
      this.options.log('the store has room again');
      this.dispatch({ kind: 'store-writable' });
    }
    this.removeDropped(written);
  }

  private commitFailed(error: VernierError): void {
    // Both pass: somebody makes room, another program lets go of the file.
    if (error.code !== 'STORE_FULL' && error.code !== 'STORE_LOCKED') {
      this.fail(error);
      return;
    }
    const isNew = this.full === undefined;
    this.full = error;
    this.rejectWaiting(error);
    this.cancelRetry();
    this.cancelRetry = this.options.clock.after(RETRY_MS, () => this.commit());
    if (isNew) {
      this.options.log(`${error.message}: nothing is started until there is room; what was stored is safe`);
      this.dispatch({ kind: 'store-full' });
    }
  }

  private removeDropped(written: readonly StoreWrite[]): void {
    try {
      for (const write of written) {
        if (write.kind !== 'drop-weights' || this.options.store.isReferenced(write.blob)) continue;
        this.options.onDropped(write.blob);
      }
    } catch (error) {
      // They are orphans then, and removed as such.
      this.options.log(`weights that are no longer needed were not removed: ${asKnown(error).message}`);
    }
  }

  private fail(error: VernierError): void {
    if (this.stopped) return;
    this.stopped = true;
    this.cancelTick();
    this.cancelRetry();
    this.rejectWaiting(error);
    this.options.log(`the coordinator has failed: ${error.message}`);
    this.options.onFailed(error);
  }

  private rejectWaiting(error: VernierError): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private tell(): void {
    const change = this.changed;
    if (change.searches.size === 0 && !change.workers) return;
    this.changed = { searches: new Set(), workers: false };
    for (const listener of this.listeners) listener(change);
  }
}

function stopping(): VernierError {
  return new VernierError('COORDINATOR_STOPPING', 'the coordinator is stopping');
}

function asKnown(error: unknown): VernierError {
  if (error instanceof VernierError) return error;
  const { code, message } = toErrorPayload(error);
  return new VernierError(code, message, { cause: error });
}
