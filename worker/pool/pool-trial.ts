import type { EpochMetrics } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import { isDivided, type DividedConfig, type OneThreadConfig } from '../../proto/trainers/index.js';
import { sideBySideKey } from '../../proto/trainers/side-by-side.js';
import { parseTrialConfig } from '../trainers/index.js';
import type { TrialFinished } from '../trainers/trainer.js';
import type { WeightsPolicy } from '../train/weights-policy.js';
import { ABANDONED, CANCELLED } from './task.js';

/** A trial as a lease or a retrain request names it. */
export interface TrialRequest {
  /** Settings as canonical JSON, parameters bound. */
  configJson: string;
  seed: number;
  datasetSha256: string;
  specSha256: string;
  weights: WeightsPolicy;
}

/** A trial to run, and who is told how far it is. One that its thread had to begin anew tells its epochs anew. */
export interface TrialStart {
  request: TrialRequest;
  onEpoch: (epoch: EpochMetrics, epochsTotal: number) => void;
  /** Of a divided trial, which has no epochs: how many of its parts are done. */
  onPart?: (done: number, parts: number) => void;
}

/** How a trial ended on this node. `failed` is the trial's fault, `crashed` cost its thread or lacked memory. */
export type PoolTrialEnd =
  | TrialFinished
  | { outcome: 'cancelled' }
  | { outcome: 'failed'; error: VernierError }
  | { outcome: 'crashed'; error: VernierError };

export interface RunningTrial {
  /** Never rejects. */
  ended: Promise<PoolTrialEnd>;
  /** The trial ends as cancelled at its next update step or evaluation, or ends otherwise before it. Those beside it go on. */
  cancel(): void;
}

/** A trial from its start to its one end. */
export class PoolTrial implements RunningTrial {
  readonly ended: Promise<PoolTrialEnd>;
  /** Shared with its thread. */
  readonly cancelCell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private resolve: (end: PoolTrialEnd) => void = () => undefined;
  private over = false;

  constructor(readonly start: TrialStart) {
    this.ended = new Promise((resolve) => (this.resolve = resolve));
  }

  get request(): TrialRequest {
    return this.start.request;
  }

  get hasEnded(): boolean {
    return this.over;
  }

  get isCancelled(): boolean {
    return Atomics.load(this.cancelCell, 0) === CANCELLED;
  }

  /** Cancelled or abandoned: what runs of it may stop. */
  get isStopped(): boolean {
    return Atomics.load(this.cancelCell, 0) !== 0;
  }

  cancel(): void {
    Atomics.store(this.cancelCell, 0, CANCELLED);
  }

  /** Lets all that runs of it stop, because it cannot end well any more; a cancelled trial is stopped anyway. */
  abandon(): void {
    Atomics.compareExchange(this.cancelCell, 0, 0, ABANDONED);
  }

  end(end: PoolTrialEnd): void {
    this.over = true;
    this.resolve(end);
  }

  /** Ends as what went wrong makes it; a cancelled trial is cancelled, whatever else. */
  fail(error: unknown): void {
    if (this.isCancelled) return this.end({ outcome: 'cancelled' });
    const known = error instanceof VernierError ? error : new VernierError('INTERNAL', String(error), { cause: error });
    const crashed = known.code === 'THREAD_CRASHED' || known.code === 'MEMORY_EXHAUSTED';
    this.end({ outcome: crashed ? 'crashed' : 'failed', error: known });
  }
}

/** A trial and its settings. */
export interface ReadTrial<Config = OneThreadConfig> {
  trial: PoolTrial;
  config: Config;
}

/** Trials that were given a thread, by how they can run. */
export interface ReadTrials {
  /** Those of a group side by side, the groups one after the other. */
  groups: ReadTrial[][];
  divided: ReadTrial<DividedConfig>[];
}

/** Reads the trials' settings. A trial whose settings cannot be read ends as failed. */
export function readTrials(trials: readonly PoolTrial[]): ReadTrials {
  const groups = new Map<string, ReadTrial[]>();
  const divided: ReadTrial<DividedConfig>[] = [];
  for (const trial of trials) {
    const { configJson, seed, datasetSha256 } = trial.request;
    try {
      const config = parseTrialConfig(configJson);
      if (isDivided(config)) {
        divided.push({ trial, config });
        continue;
      }
      const key = sideBySideKey(config, seed, datasetSha256);
      groups.set(key, [...(groups.get(key) ?? []), { trial, config }]);
    } catch (error) {
      trial.fail(error);
    }
  }
  return { groups: [...groups.values()], divided };
}
