import type { TwoLayerConfig } from '../../proto/trainers/two-layer.js';

/**
 * Ends a trial whose validation loss has ceased to fall (Prechelt, "Early Stopping - But When?", 1998, criterion UP counted from
 * the best): after `patience` epochs in a row none of which had a loss below the best one minus `min_delta`. The best is the last loss
 * that was so far below the best before it, at first infinity.
 */
export class EarlyStopping {
  private best = Infinity;
  private waited = 0;
  private readonly patience: number;
  private readonly minDelta: number;

  constructor({ patience, min_delta: minDelta = 0 }: NonNullable<TwoLayerConfig['early_stopping']>) {
    this.patience = patience;
    this.minDelta = minDelta;
  }

  /** Whether the trial ends after the epoch that left this validation loss. */
  endsAfter(loss: number): boolean {
    if (loss < this.best - this.minDelta) {
      this.best = loss;
      this.waited = 0;
    } else {
      this.waited++;
    }
    return this.waited >= this.patience;
  }
}
