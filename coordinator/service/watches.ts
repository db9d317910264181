import type { ServerWritableStream } from '@grpc/grpc-js';
import { VernierError } from '../../proto/errors.js';
import type { SearchEvent } from '../../proto/generated/vernier/v1/SearchEvent.js';
import { endWith, write } from './calls.js';
import type { Clock } from './clock.js';
import type { Change, Engine } from './engine.js';

/** Changes that come closer together than this reach a watcher as one. */
const SPACING_MS = 100;
/** A picture of ten thousands of trials takes its time: at most a tenth of it all is spent on watchers. */
const SPACING_BY_COST = 9;

type Call = ServerWritableStream<unknown, SearchEvent>;

export interface WatchesOptions {
  engine: Engine;
  clock: Clock;
  /** The search's present state as an event, and whether it has ended. */
  present(id: string): { event: SearchEvent; ended: boolean };
}

/** Callers that follow a search: each gets its present state, and its new state after every change. */
export class Watches {
  private readonly watches = new Set<Watch>();
  private closed = false;

  constructor(private readonly options: WatchesOptions) {
    options.engine.onChange((change) => {
      for (const watch of this.watches) watch.changed(change);
    });
  }

  async watch(call: Call, id: string): Promise<void> {
    const watch = new Watch(id, this.closed);
    this.watches.add(watch);
    for (const event of ['cancelled', 'close']) call.once(event, () => watch.wake());
    try {
      await this.follow(call, watch);
      call.end();
    } catch (error) {
      endWith(call, error);
    } finally {
      this.watches.delete(watch);
    }
  }

  /** Ends every watch: with the last state of a search that has ended, or with COORDINATOR_STOPPING. */
  close(): void {
    this.closed = true;
    for (const watch of this.watches) watch.stop();
  }

  private async follow(call: Call, watch: Watch): Promise<void> {
    for (;;) {
      watch.dirty = false;
      const startMs = this.options.clock.nowMs();
      const { event, ended } = this.options.present(watch.id);
      if (!(await write(call, event)) || ended) return;
      // After the state, which may be the search's last: a run stops its coordinator as soon as its search has ended.
      if (watch.stopping) throw new VernierError('COORDINATOR_STOPPING', 'the coordinator is stopping');
      await this.pause(watch, Math.max(SPACING_MS, SPACING_BY_COST * (this.options.clock.nowMs() - startMs)));
      while (!watch.dirty && !watch.stopping) {
        if (call.cancelled || call.destroyed) return;
        await watch.woken();
      }
    }
  }

  /** The end of the coordinator cuts it short. */
  private pause(watch: Watch, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(ms, resolve);
      watch.onStop = () => {
        cancel();
        resolve();
      };
    });
  }
}

class Watch {
  dirty = false;
  onStop: () => void = () => undefined;
  private resolveWoken: () => void = () => undefined;

  constructor(
    readonly id: string,
    public stopping: boolean,
  ) {}

  changed(change: Change): void {
    if (!change.workers && !change.searches.has(this.id)) return;
    this.dirty = true;
    this.wake();
  }

  stop(): void {
    this.stopping = true;
    this.onStop();
    this.wake();
  }

  wake(): void {
    this.resolveWoken();
  }

  woken(): Promise<void> {
    return new Promise((resolve) => (this.resolveWoken = resolve));
  }
}
