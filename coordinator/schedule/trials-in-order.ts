import type { Trial } from './trial.js';

/** Trials in the order of their numbers. */
export class TrialsInOrder implements Iterable<Trial> {
  private readonly trials: Trial[];

  /** @param trials in their order */
  constructor(trials: readonly Trial[] = []) {
    this.trials = [...trials];
  }

  [Symbol.iterator](): Iterator<Trial> {
    return this.trials[Symbol.iterator]();
  }

  get length(): number {
    return this.trials.length;
  }

  add(trial: Trial): void {
    this.trials.splice(this.placeOf(trial), 0, trial);
  }

  remove(trial: Trial): void {
    const place = this.placeOf(trial);
    if (this.trials[place] === trial) this.trials.splice(place, 1);
  }

  /** Index of the first trial of its number or a higher one. */
  private placeOf({ number }: Trial): number {
    let low = 0;
    let high = this.trials.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.trials[middle]?.number ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
