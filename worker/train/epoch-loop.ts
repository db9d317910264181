import type { EpochMetrics, Metrics } from '../../proto/domain.js';
import type { Network, NetworkGroup, NetworkStep } from '../kernel/kernel.js';
import { partMetrics, type Part, type PartName } from './evaluation.js';
import type { TrainingPlan } from '../../proto/training/plan.js';

type WhenEvaluated = 'epoch' | 'final' | 'never';

/** One trial of those that are trained side by side. */
export interface TrainingRun {
  plan: TrainingPlan;
  lambda: number;
  evaluate: { train: WhenEvaluated; val: WhenEvaluated };
  /** Evaluate the test records after the last epoch of a completed run. */
  test: boolean;
  /** Asked before every update step. */
  cancelled: () => boolean;
  onEpoch: (epoch: EpochMetrics) => void;
  /** Once, when this run has ended; the others may go on. Its network's parameters are then as it left them. */
  onEnd: (end: TrainingEnd) => void;
}

/** What the runs share. */
export interface SharedTraining {
  /** One network a run, in their order; parameters and normalisation are set. */
  group: NetworkGroup;
  batchSize: number;
  train: Part;
  validation: Part;
  test: Part;
  /** Row numbers of an epoch's mini-batches (epoch from 1), one after the other. */
  batchOrder: (epoch: number) => Uint32Array;
}

export interface TrainingEnd {
  outcome: 'completed' | 'diverged' | 'cancelled';
  /** Every epoch that finished, the one a run diverged in among them. */
  epochs: EpochMetrics[];
  /** The last epoch's metrics, and the test metrics where asked. */
  metrics: Metrics;
}

/** A run under way. */
interface Going {
  run: TrainingRun;
  /** Its next update step. */
  step: NetworkStep;
  epochs: EpochMetrics[];
  /** Of the present epoch. */
  metrics: Metrics;
  squares: number;
}

/**
 * Mini-batch gradient descent of several runs in step, epoch by epoch: they see the same mini-batches, and each ends when it
 * would have ended alone, with what it would have had alone. A run whose last epoch is cut short waits for the others' mini-batches
 * before it is evaluated with them.
 *
 * A run diverges in its first epoch after which the sum of squared weights or an evaluated metric is not finite; that
 * epoch is its last. The sum is taken after every epoch, so that a run which evaluates nothing on the way ends as well.
 * Nothing here looks at a NaN's sign or payload, the only bits in which backends may differ.
 */
export function trainSideBySide(shared: SharedTraining, runs: readonly TrainingRun[]): void {
  let going = runs.map((run, network): Going => {
    return { run, step: { network, eta: 0, lambda: run.lambda }, epochs: [], metrics: {}, squares: 0 };
  });
  for (let epoch = 1; going.length > 0; epoch++) {
    going = trainEpoch(shared, going, epoch);
    evaluateEpoch(shared, going, epoch);
    going = finishEpoch(shared, going, epoch);
  }
}

/** The epoch's update steps. Gives the runs that nobody cancelled meanwhile. */
function trainEpoch({ group, train, batchSize, batchOrder }: SharedTraining, going: Going[], epoch: number): Going[] {
  const rows = batchOrder(epoch);
  const cancelled = new Set<Going>();
  let stepping = going;
  let steps = stepping.map(({ step }) => step);
  for (let batch = 0; ; batch++) {
    const left = stepping.filter((each) => {
      if (batch >= stepsIn(each.run.plan, epoch)) return false;
      if (each.run.cancelled()) cancelled.add(each);
      return !cancelled.has(each);
    });
    if (left.length < stepping.length) {
      stepping = left;
      steps = stepping.map(({ step }) => step);
    }
    if (stepping.length === 0) break;
    for (const { run, step } of stepping) {
      step.eta = run.plan.learningRate((epoch - 1) * run.plan.stepsPerEpoch + batch);
    }
    group.trainStep(train.records, rows, batch * batchSize, steps);
  }
  for (const { run, epochs } of cancelled) run.onEnd({ outcome: 'cancelled', epochs, metrics: {} });
  return going.filter((each) => !cancelled.has(each));
}

/** Leaves each run's metrics of the epoch: what several want of the same records is computed together. */
function evaluateEpoch(shared: SharedTraining, going: readonly Going[], epoch: number): void {
  for (const each of going) {
    each.squares = (shared.group.networks[each.step.network] as Network).sumSquaredWeights();
    each.metrics = {};
  }
  for (const [name, part] of [
    ['train', shared.train],
    ['val', shared.validation],
  ] as const) {
    const wanted = going.filter(({ run }) => isDue(run.evaluate[name], epoch === run.plan.epochs));
    evaluatePart(shared.group, name, part, wanted);
  }
}

/** Tells the epoch, and ends the runs whose last one it was. Gives the others. */
function finishEpoch(shared: SharedTraining, going: readonly Going[], epoch: number): Going[] {
  for (const { run, epochs, metrics } of going) {
    const finished = { epoch, metrics };
    epochs.push(finished);
    run.onEpoch(finished);
  }
  const [finite, diverged] = split(going, ({ squares, metrics }) =>
    [squares, ...Object.values(metrics)].every(Number.isFinite),
  );
  for (const { run, epochs, metrics } of diverged) run.onEnd({ outcome: 'diverged', epochs, metrics });
  const [completed, others] = split(finite, ({ run }) => epoch === run.plan.epochs);
  for (const each of completed) each.metrics = { ...each.metrics }; // the epoch's own stay as they were
  const tested = completed.filter(({ run }) => run.test);
  evaluatePart(shared.group, 'test', shared.test, tested);
  for (const { run, epochs, metrics } of completed) run.onEnd({ outcome: 'completed', epochs, metrics });
  return others;
}

/** Adds a part's metrics to those of the runs. An empty part has none. */
function evaluatePart(group: NetworkGroup, name: PartName, part: Part, runs: readonly Going[]): void {
  if (runs.length === 0 || part.count === 0) return;
  const networks = runs.map(({ step }) => step.network);
  for (const [index, evaluation] of group.evaluate(part.records, part.first, part.count, networks).entries()) {
    const each = runs[index] as Going;
    Object.assign(each.metrics, partMetrics(name, part.count, evaluation, each.run.lambda, each.squares));
  }
}

function stepsIn({ stepsPerEpoch, totalSteps }: TrainingPlan, epoch: number): number {
  return Math.min(stepsPerEpoch, totalSteps - (epoch - 1) * stepsPerEpoch);
}

function isDue(when: WhenEvaluated, last: boolean): boolean {
  return when === 'epoch' || (when === 'final' && last);
}

function split<T>(list: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] {
  return [list.filter(isFirst), list.filter((each) => !isFirst(each))];
}
