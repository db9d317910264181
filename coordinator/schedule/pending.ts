import type { DatasetInfo } from '../../proto/datasets.js';
import { Companions } from './companions.js';
import type { Trial } from './trial.js';
import { TrialsInOrder } from './trials-in-order.js';

/** A round's trials that wait for a worker, in trial order. */
export class PendingTrials implements Iterable<Trial> {
  private readonly trials: TrialsInOrder;
  /** Made when it is first asked for: not every worker runs trials side by side. */
  private companions: Companions | undefined;

  /** @param trials in trial order */
  constructor(
    trials: readonly Trial[],
    private readonly datasets: readonly DatasetInfo[],
  ) {
    this.trials = new TrialsInOrder(trials);
  }

  [Symbol.iterator](): Iterator<Trial> {
    return this.trials[Symbol.iterator]();
  }

  get length(): number {
    return this.trials.length;
  }

  add(trial: Trial): void {
    this.trials.add(trial);
    this.companions?.add(trial);
  }

  remove(trial: Trial): void {
    this.trials.remove(trial);
    this.companions?.remove(trial);
  }

  /** See Companions.together. */
  together(trial: Trial, most: number, bytes: number): Trial[] {
    if (most <= 1) return [trial];
    this.companions ??= new Companions(this.trials, this.datasets);
    return this.companions.together(trial, most, bytes);
  }
}
