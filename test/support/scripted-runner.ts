import type { EpochMetrics } from '../../proto/domain.js';
import type { PoolTrialEnd, RunningTrial, TrialRequest, TrialStart } from '../../worker/pool/pool-trial.js';
import type { TrialRunner } from '../../worker/session/session.js';

interface ScriptedTrial {
  request: TrialRequest;
  /** Which of the calls started it, from 1: those of one call share a thread. */
  thread: number;
  epoch: (epoch: EpochMetrics, epochsTotal: number) => void;
  part: (done: number, parts: number) => void;
  end: (end: PoolTrialEnd) => void;
  cancelled: boolean;
}

/** Trials that a test ends by hand. A cancelled one ends at once, unless `stubborn`. */
export class ScriptedRunner implements TrialRunner {
  readonly trials: ScriptedTrial[] = [];
  stubborn = false;
  private threadsGiven = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly threads: number) {}

  runTogether(starts: readonly TrialStart[]): RunningTrial[] {
    this.threadsGiven++;
    return starts.map((start) => this.run(start, this.threadsGiven));
  }

  private run({ request, onEpoch, onPart = () => undefined }: TrialStart, thread: number): RunningTrial {
    let end: ScriptedTrial['end'] = () => undefined;
    const ended = new Promise<PoolTrialEnd>((resolve) => (end = resolve));
    const trial: ScriptedTrial = { request, thread, epoch: onEpoch, part: onPart, end, cancelled: false };
    this.trials.push(trial);
    for (const wake of this.waiting.splice(0)) wake();
    const cancel = () => {
      trial.cancelled = true;
      if (!this.stubborn) end({ outcome: 'cancelled' });
    };
    return { ended, cancel };
  }

  /** The trial started as number `index` from 0, once it has. */
  async started(index: number): Promise<ScriptedTrial> {
    while (this.trials[index] === undefined) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.trials[index];
  }
}

export function finished(
  changes: Partial<Extract<PoolTrialEnd, { outcome: 'completed' | 'diverged' }>> = {},
): PoolTrialEnd {
  const metrics = { val_loss: 1.5, val_accuracy: 0.25 };
  return { outcome: 'completed', epochs: [{ epoch: 1, metrics }], metrics, weightsSha256: 'ab'.repeat(32), ...changes };
}
