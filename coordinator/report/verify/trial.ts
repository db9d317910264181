import { doubleBits } from '../../../proto/canonical.js';
import type { EpochMetrics, Metrics, TrialState } from '../../../proto/domain.js';

/** What a trial gave, once or again. */
export interface TrialResults {
  state: TrialState;
  epochs: readonly EpochMetrics[];
  metrics: Metrics;
  weightsSha256: string;
}

/** A value of a trial that is another when the trial is trained again. */
export interface Difference {
  /** Epoch from 1; undefined for what the trial ended with. */
  epoch: number | undefined;
  /** A metric's name, `state`, `weights`, `epoch` for one that only one side has, or `epochs` for their order. */
  what: string;
  /** A metric's value, or text; undefined where there is none. */
  recorded: number | string | undefined;
  again: number | string | undefined;
}

export interface Comparison {
  /** How many values were looked at: each metric of each epoch, each final metric, the state and the weights' digest. */
  values: number;
  /** In the order in which training comes upon them: epoch by epoch, then how it ended. */
  differences: Difference[];
}

/** Compares two results of one trial bit by bit; every NaN is the same (docs/numerics.md). */
export function compareResults(recorded: TrialResults, again: TrialResults): Comparison {
  const found: Comparison = { values: 0, differences: [] };
  compareEpochs(recorded.epochs, again.epochs, found);
  compare('state', recorded.state, again.state, undefined, found);
  compareMetrics(recorded.metrics, again.metrics, undefined, found);
  compare('weights', recorded.weightsSha256, again.weightsSha256, undefined, found);
  return found;
}

/** Whether two values are the same to the last bit. */
export function isSame(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'number' ? doubleBits(a) === doubleBits(b) : a === b;
}

function compareEpochs(recorded: readonly EpochMetrics[], again: readonly EpochMetrics[], found: Comparison): void {
  const ofRecorded = metricsByEpoch(recorded);
  const ofAgain = metricsByEpoch(again);
  const epochs = [...new Set([...ofRecorded.keys(), ...ofAgain.keys()])].sort((a, b) => a - b);
  for (const epoch of epochs) {
    const one = ofRecorded.get(epoch);
    const other = ofAgain.get(epoch);
    if (one === undefined || other === undefined) {
      compare('epoch', one && 'is there', other && 'is there', epoch, found);
    } else {
      compareMetrics(one, other, epoch, found);
    }
  }
  // Of an epoch that is there twice, one has not been looked at.
  const orders = [recorded, again].map((list) => list.map(({ epoch }) => epoch).join(', '));
  if (orders[0] !== orders[1] && found.differences.every(({ what }) => what !== 'epoch')) {
    compare('epochs', orders[0], orders[1], undefined, found);
  }
}

function metricsByEpoch(epochs: readonly EpochMetrics[]): Map<number, Metrics> {
  return new Map(epochs.map(({ epoch, metrics }) => [epoch, metrics]));
}

/** By name: in what order a side has them is nothing of the result's. */
function compareMetrics(recorded: Metrics, again: Metrics, epoch: number | undefined, found: Comparison): void {
  for (const name of [...new Set([...Object.keys(recorded), ...Object.keys(again)])].sort()) {
    compare(name, valueOf(recorded, name), valueOf(again, name), epoch, found);
  }
}

function valueOf(metrics: Metrics, name: string): number | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}

function compare(
  what: string,
  recorded: Difference['recorded'],
  again: Difference['again'],
  epoch: number | undefined,
  found: Comparison,
): void {
  found.values++;
  if (!isSame(recorded, again)) found.differences.push({ epoch, what, recorded, again });
}
