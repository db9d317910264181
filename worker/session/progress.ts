import type { EpochMetrics } from '../../proto/domain.js';
import type { TrialProgress } from '../../proto/generated/vernier/v1/TrialProgress.js';
import { epochToWire } from '../../proto/wire.js';
import type { Clock } from './clock.js';

/** At most four messages a second: progress is for the eyes, and one message carries many epochs. */
const INTERVAL_MS = 250;

/** Gathers finished epochs and parts and sends them together: the first at once, the next after an interval. */
export class ProgressBatcher {
  private readonly trials = new Map<string, Omit<TrialProgress, 'token'>>();
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (trials: TrialProgress[]) => void,
  ) {}

  add(token: string, epoch: EpochMetrics, epochsTotal: number): void {
    const { epochs = [] } = this.trials.get(token) ?? {};
    this.tell(token, { epochsTotal, epochs: [...epochs, epochToWire(epoch)] });
  }

  /** Of a divided trial: the last word counts. */
  addParts(token: string, partsDone: number, partsTotal: number): void {
    this.tell(token, { partsDone, partsTotal });
  }

  private tell(token: string, news: Omit<TrialProgress, 'token'>): void {
    this.trials.set(token, news);
    if (this.cancelTimer === undefined) this.flush();
  }

  /** The trial has ended; what counts comes with its result. */
  drop(token: string): void {
    this.trials.delete(token);
  }

  stop(): void {
    this.trials.clear();
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private flush(): void {
    this.cancelTimer = undefined;
    if (this.trials.size === 0) return;
    const batch = [...this.trials].map(([token, news]) => ({ token, ...news }));
    this.trials.clear();
    this.send(batch);
    this.cancelTimer = this.clock.after(INTERVAL_MS, () => this.flush());
  }
}
