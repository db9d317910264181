import type { ErrorCode } from '../../proto/errors.js';
import type { SessionId, WorkerIntroduction } from './events.js';

/** A worker with a stream. */
export interface ConnectedWorker {
  readonly session: SessionId;
  readonly name: string;
  readonly threads: number;
  readonly kernel: string;
  readonly datasets: ReadonlySet<string>;
  /** Data sets (sha256) it turned out not to be able to use, with what it said. It gets no trial of theirs. */
  readonly unusable: Map<string, { code: ErrorCode; message: string }>;
  /** Trials it could start now. */
  free: number;
}

export class WorkerTable {
  private readonly bySession = new Map<SessionId, ConnectedWorker>();

  /** Takes in a worker. `superseded` is the stream it had before, if it has one still. */
  add(
    session: SessionId,
    { worker: name, threads, kernel, datasets }: WorkerIntroduction,
  ): { worker: ConnectedWorker; superseded: SessionId | undefined } {
    const superseded = this.all().find((other) => other.name === name)?.session;
    if (superseded !== undefined) this.bySession.delete(superseded);
    const worker = { session, name, threads, kernel, datasets, unusable: new Map(), free: 0 };
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
