import type { EpochMetrics, Metrics } from '../../proto/domain.js';
import type { Network, NetworkGroup } from '../kernel/kernel.js';
import { evaluatePart, type Part } from './evaluation.js';
import type { TrainingPlan } from './plan.js';

type WhenEvaluated = 'epoch' | 'final' | 'never';

export interface TrainingRun {
  /** One network; its parameters and normalisation are set. */
  group: NetworkGroup;
  plan: TrainingPlan;
  batchSize: number;
  lambda: number;
  train: Part;
  validation: Part;
  /** Evaluated after the last epoch of a completed run; absent where nobody asked. */
  test: Part | undefined;
  evaluate: { train: WhenEvaluated; val: WhenEvaluated };
  /** Row numbers of an epoch's mini-batches (epoch from 1), one after the other. */
  batchOrder: (epoch: number) => Uint32Array;
  /** Asked before every update step. */
  cancelled: () => boolean;
  onEpoch: (epoch: EpochMetrics) => void;
}

export interface TrainingEnd {
  outcome: 'completed' | 'diverged' | 'cancelled';
  /** Every epoch that finished, the one a run diverged in among them. */
  epochs: EpochMetrics[];
  /** The last epoch's metrics, and the test metrics where asked. */
  metrics: Metrics;
}

/**
 * Mini-batch gradient descent, epoch by epoch.
 *
 * A run diverges in its first epoch after which the sum of squared weights or an evaluated metric is not finite; that
 * epoch is its last. The sum is taken after every epoch, so that a run which evaluates nothing on the way ends as well.
 * Nothing here looks at a NaN's sign or payload, the only bits in which backends may differ.
 */
export function runEpochs(run: TrainingRun): TrainingEnd {
  const { group, plan, batchSize, lambda } = run;
  const epochs: EpochMetrics[] = [];
  let step = 0;
  for (let epoch = 1; epoch <= plan.epochs; epoch++) {
    const rows = run.batchOrder(epoch);
    const steps = Math.min(plan.stepsPerEpoch, plan.totalSteps - step);
    for (let batch = 0; batch < steps; batch++, step++) {
      if (run.cancelled()) return { outcome: 'cancelled', epochs, metrics: {} };
      group.trainStep(run.train.records, rows, batch * batchSize, [
        { network: 0, eta: plan.learningRate(step), lambda },
      ]);
    }

    const last = epoch === plan.epochs;
    const squares = (group.networks[0] as Network).sumSquaredWeights();
    const metrics: Metrics = {};
    if (isDue(run.evaluate.train, last))
      Object.assign(metrics, evaluatePart(group, 'train', run.train, lambda, squares));
    if (isDue(run.evaluate.val, last))
      Object.assign(metrics, evaluatePart(group, 'val', run.validation, lambda, squares));
    const finished = { epoch, metrics };
    epochs.push(finished);
    run.onEpoch(finished);
    if (![squares, ...Object.values(metrics)].every(Number.isFinite)) return { outcome: 'diverged', epochs, metrics };
    if (last) {
      const test = run.test === undefined ? {} : evaluatePart(group, 'test', run.test, lambda, squares);
      return { outcome: 'completed', epochs, metrics: { ...metrics, ...test } };
    }
  }
  return { outcome: 'completed', epochs, metrics: {} }; // a plan has at least one epoch; the types do not know it
}

function isDue(when: WhenEvaluated, last: boolean): boolean {
  return when === 'epoch' || (when === 'final' && last);
}
