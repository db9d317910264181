import type { ErrorCode } from '../../proto/errors.js';
import type { Machine } from '../../proto/machine.js';
import type { SessionId, WorkerIntroduction } from './events.js';

/** A worker with a stream. */
export interface ConnectedWorker {
  readonly session: SessionId;
  readonly name: string;
  readonly threads: number;
  readonly kernel: string;
  /** Undefined when it does not tell. */
  readonly machine: Machine | undefined;
  readonly datasets: ReadonlySet<string>;
  /** Trials that one of its threads runs side by side at most. */
  readonly sideBySide: number;
  /** Bytes of their weights at most; 0 for no limit. */
  readonly sideBySideBytes: number;
  /** Data sets (sha256) it turned out not to be able to use, with what it said. It gets no trial of theirs. */
  readonly unusable: Map<string, { code: ErrorCode; message: string }>;
  /** Threads with nothing to do. */
  free: number;
}

export class WorkerTable {
  private readonly bySession = new Map<SessionId, ConnectedWorker>();

  /** Takes in a worker. `superseded` is the stream it had before, if it has one still. */
  add(
    session: SessionId,
    { worker: name, threads, kernel, machine, datasets, sideBySide, sideBySideBytes }: WorkerIntroduction,
  ): { worker: ConnectedWorker; superseded: SessionId | undefined } {
    const superseded = this.all().find((other) => other.name === name)?.session;
    if (superseded !== undefined) this.bySession.delete(superseded);
    const told = { name, threads, kernel, machine, datasets, sideBySide, sideBySideBytes };
    const worker = { session, ...told, unusable: new Map(), free: 0 };
    this.bySession.set(session, worker);
    return { worker, superseded };
  }

  remove(session: SessionId): void {
    this.bySession.delete(session);
  }

  get(session: SessionId): ConnectedWorker | undefined {
    return this.bySession.get(session);
  }

  /** In the order they came. */
  all(): ConnectedWorker[] {
    return [...this.bySession.values()];
  }
}

/** Whether the worker can run trials over the data set; one without a data set runs anywhere. */
export function canUse(worker: ConnectedWorker, dataset: string | undefined): boolean {
  return dataset === undefined || (worker.datasets.has(dataset) && !worker.unusable.has(dataset));
}
