import type { DatasetInfo } from '../../proto/datasets.js';
import { isDivided, trainerSchema } from '../../proto/trainers/index.js';
import { sideBySideKey, weightsBytes } from '../../proto/trainers/side-by-side.js';
import { isSuspect } from './tally.js';
import { datasetOf, type Trial } from './trial.js';
import { TrialsInOrder } from './trials-in-order.js';

/** What decides which trials a thread runs side by side. */
interface Companion {
  /** Trials of a round with equal keys may run side by side. */
  key: string;
  weightsBytes: number;
}

/** A round's waiting trials by which may run side by side, so that a grant looks at few more trials than it gives. */
export class Companions {
  private readonly known = new Map<Trial, Companion>();
  private readonly byKey = new Map<string, TrialsInOrder>();

  constructor(
    trials: Iterable<Trial>,
    private readonly datasets: readonly DatasetInfo[],
  ) {
    for (const trial of trials) this.add(trial);
  }

  add(trial: Trial): void {
    const companion = asCompanion(trial, this.datasets);
    if (companion === undefined) return;
    this.known.set(trial, companion);
    const same = this.byKey.get(companion.key) ?? new TrialsInOrder();
    this.byKey.set(companion.key, same);
    same.add(trial);
  }

  remove(trial: Trial): void {
    const companion = this.known.get(trial);
    if (companion === undefined) return;
    this.known.delete(trial);
    this.byKey.get(companion.key)?.remove(trial);
  }

  /**
   * The trial and those that may run beside it, in trial order: at most `most` in all, and no more than have `bytes` of weights
   * together (0 for no limit).
   */
  together(trial: Trial, most: number, bytes: number): Trial[] {
    const together = [trial];
    const companion = this.known.get(trial);
    if (companion === undefined) return together;
    let weights = companion.weightsBytes;
    for (const other of this.byKey.get(companion.key) ?? []) {
      if (other === trial) continue;
      weights += this.known.get(other)?.weightsBytes ?? 0;
      if (together.length >= most || (bytes > 0 && weights > bytes)) break;
      together.push(other);
    }
    return together;
  }
}

/**
 * Undefined for a trial that runs alone: it is divided, its settings are none that a worker can read (which
 * that worker says), or it has failed or lost its workers before, and others should not have to begin anew because of it.
 */
function asCompanion(trial: Trial, datasets: readonly DatasetInfo[]): Companion | undefined {
  const { config, seed, tally } = trial;
  const dataset = datasetOf(config, datasets);
  if (dataset === undefined || tally.failures > 0 || isSuspect(tally)) return undefined;
  const data = trainerSchema(config['kind'])?.safeParse(config).data;
  if (data === undefined || isDivided(data)) return undefined;
  return { key: sideBySideKey(data, seed, dataset.sha256), weightsBytes: weightsBytes(data, dataset) };
}
