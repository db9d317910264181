import type { LeaseTable } from './leases.js';
import type { RunningSearch } from './running-search.js';
import { canUse, type ConnectedWorker } from './workers.js';

/**
 * How many trials of a search one thread may take, so that no other thread stands idle for it: its fair share of what is left to
 * train, and never so many that too few wait for the threads that are free as well. Made anew for each event.
 */
export class FairShares {
  private readonly left = new Map<RunningSearch, number>();

  /** @param expectedThreads threads there will be, where that is known: those that have yet to come count as free */
  constructor(
    private readonly workers: readonly ConnectedWorker[],
    private readonly expectedThreads: number,
    private readonly leases: LeaseTable,
  ) {}

  most(search: RunningSearch, datasetSha256: string | undefined): number {
    const { threads: all } = countThreads(this.workers);
    const { threads, free } = countThreads(this.workers.filter((worker) => canUse(worker, datasetSha256)));
    const toCome = Math.max(0, this.expectedThreads - all);
    const fair = Math.ceil(this.trialsLeft(search) / Math.max(1, threads + toCome));
    const others = Math.max(0, free + toCome - 1);
    return Math.max(1, Math.min(fair, (search.round?.pending.length ?? 0) - others));
  }

  /**
   * In whole trials: those that wait, and what the others have yet to train. A rest of less than a trial in a thread does not count:
   * that thread is as good as free, and would stand idle if a share was rounded up because of it. Granting changes nothing of it.
   */
  private trialsLeft(search: RunningSearch): number {
    const known = this.left.get(search);
    if (known !== undefined) return known;
    const ofThreads = new Map<string, number>();
    for (const { thread, token, progress } of this.leases.ofSearch(search)) {
      const key = thread ?? token;
      ofThreads.set(key, (ofThreads.get(key) ?? 0) + shareLeft(progress));
    }
    const running = [...ofThreads.values()].reduce((sum, rest) => sum + Math.floor(rest), 0);
    const left = running + (search.round?.pending.length ?? 0);
    this.left.set(search, left);
    return left;
  }
}

function countThreads(workers: readonly ConnectedWorker[]): { threads: number; free: number } {
  return {
    threads: workers.reduce((sum, worker) => sum + worker.threads, 0),
    free: workers.reduce((sum, worker) => sum + worker.free, 0),
  };
}

function shareLeft({ epoch, epochs }: { epoch: number; epochs: number }): number {
  return epochs === 0 ? 1 : Math.max(0, 1 - epoch / epochs);
}
