import { ERROR_CODES, VernierError, type ErrorCode } from '../../proto/errors.js';
import type { ProgressState } from './progress/state.js';

/** Room on a disk may come back by itself, when some other program ends. */
const STORE_FULL_WAIT_MS = 10_000;

/**
 * Notices that a run's search waits for something that nobody will bring: its workers are all there will ever be, and
 * none can use the data, or the disk stays full.
 */
export class Standstill {
  /** Resolves with why, as an error; else never. */
  readonly reached: Promise<VernierError>;
  private reach: (error: VernierError) => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly storeFullWaitMs = STORE_FULL_WAIT_MS) {
    this.reached = new Promise((resolve) => (this.reach = resolve));
  }

  observe({ search, running }: Pick<ProgressState, 'search' | 'running'>): void {
    const { waitingCode, message } = search;
    if (waitingCode === 'STORE_FULL') {
      this.timer ??= setTimeout(() => this.reach(standstill(waitingCode, message)), this.storeFullWaitMs);
      return;
    }
    this.end();
    // Those that run may end well; the obstacle is still there afterwards.
    if (waitingCode !== '' && running.length === 0) this.reach(standstill(waitingCode, message));
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

function standstill(waitingCode: string, message: string): VernierError {
  const code: ErrorCode = waitingCode in ERROR_CODES ? (waitingCode as ErrorCode) : 'SEARCH_FAILED';
  const first = code.startsWith('DATASET_')
    ? 'get the data again (vernier data fetch, or vernier data add)'
    : 'mend it';
  return new VernierError(code, message, { mend: `nothing is lost: ${first}, and run the same command again` });
}
