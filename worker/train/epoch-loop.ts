import type { EpochMetrics, Metrics } from '../../proto/domain.js';
import type { TrainingPlan } from '../../proto/training/plan.js';
import type { Network, NetworkGroup, NetworkStep } from '../kernel/kernel.js';
import type { CycleAverage } from './cycle-average.js';
import type { DropoutMasks } from './dropout.js';
import type { EarlyStopping } from './early-stopping.js';
import { partMetrics, type Part, type PartName } from './evaluation.js';
import type { MiniBatches } from './mini-batches.js';

type WhenEvaluated = 'epoch' | 'final' | 'never';

/** One trial of those that are trained side by side. */
export interface TrainingRun {
  plan: TrainingPlan;
  lambda: number;
  evaluate: { train: WhenEvaluated; val: WhenEvaluated };
  /** Evaluate the test records after the last epoch of a completed run. */
  test: boolean;
  /** mu; without it, plain descent. */
  momentum?: number;
  dropout?: DropoutMasks;
  /** Needs the validation records evaluated after every epoch. */
  earlyStopping?: EarlyStopping;
  /** What the network is after the last step. */
  average?: CycleAverage;
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
  train: Part;
  validation: Part;
  test: Part;
  miniBatches: MiniBatches;
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
  network: Network;
  /** Its next update step. */
  step: NetworkStep;
  epochs: EpochMetrics[];
  /** Whether the present epoch is its last. */
  last: boolean;
  /** Metrics of the present epoch. */
  parts: Partial<Record<PartName, Metrics>>;
  squares: number;
}

/**
 * Mini-batch gradient descent of several runs in step, epoch by epoch: they see the same mini-batches, and each ends when it
 * would have ended alone, with what it would have had alone. A run whose last epoch is cut short waits for the others' mini-batches
 * before it is evaluated with them.
 *
 * A run's last epoch is the one its plan ends in, or the one after which it is stopped early; the network is then replaced by its
 * average, where there is to be one, and what belongs to a last epoch is evaluated.
 *
 * A run diverges in its first epoch after which the sum of squared weights or an evaluated metric is not finite; that
 * epoch is its last. The sum is taken after every epoch, so that a run which evaluates nothing on the way ends as well.
 * Nothing here looks at a NaN's sign or payload, the only bits in which backends may differ.
 */
export function trainSideBySide(shared: SharedTraining, runs: readonly TrainingRun[]): void {
  let going = runs.map((run, index): Going => {
    const { lambda, momentum } = run;
    const step = { network: index, eta: 0, lambda, ...(momentum === undefined ? {} : { momentum }) };
    const network = shared.group.networks[index] as Network;
    return { run, network, step, epochs: [], last: false, parts: {}, squares: 0 };
  });
  for (let epoch = 1; going.length > 0; epoch++) {
    going = trainEpoch(shared, going, epoch);
    for (const each of going) {
      each.parts = {};
      if (epoch === each.run.plan.epochs) markLast(each);
    }
    evaluateEpoch(shared, going);
    const stopped = going.filter(isStoppedEarly);
    for (const each of stopped) markLast(each);
    evaluateEpoch(shared, stopped);
    going = finishEpoch(shared, going, epoch);
  }
}

/** What was evaluated before is of no account where the average takes the network's place. */
function markLast(each: Going): void {
  each.last = true;
  if (each.run.average?.replace(each.network)) each.parts = {};
}

/** A run that diverges is not stopped early, and one that ends anyway has no need of it. */
function isStoppedEarly(each: Going): boolean {
  const { run, last, parts } = each;
  const loss = parts.val?.['val_loss'];
  return !last && loss !== undefined && isFinite(each) && run.earlyStopping?.endsAfter(loss) === true;
}

/** The epoch's update steps. Gives the runs that nobody cancelled meanwhile. */
function trainEpoch({ group, miniBatches }: SharedTraining, going: Going[], epoch: number): Going[] {
  const miniBatch = miniBatches(epoch);
  for (const { run } of going) run.dropout?.startEpoch(epoch);
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
      step.eta = run.plan.learningRate(stepsBefore(run.plan, epoch) + batch);
      if (run.dropout !== undefined) step.dropout = run.dropout.next();
    }
    const { records, rows, first } = miniBatch(batch);
    group.trainStep(records, rows, first, steps);
    for (const { run, network } of stepping) {
      run.average?.afterStep(stepsBefore(run.plan, epoch) + batch + 1, network);
    }
  }
  for (const { run, epochs } of cancelled) run.onEnd({ outcome: 'cancelled', epochs, metrics: {} });
  return going.filter((each) => !cancelled.has(each));
}

/** Adds what is due of each run's metrics of the epoch: what several want of the same records is computed together. */
function evaluateEpoch(shared: SharedTraining, going: readonly Going[]): void {
  for (const each of going) each.squares = each.network.sumSquaredWeights();
  for (const [name, part] of [
    ['train', shared.train],
    ['val', shared.validation],
  ] as const) {
    const wanted = going.filter(({ run, last, parts }) => isDue(run.evaluate[name], last) && parts[name] === undefined);
    evaluatePart(shared.group, name, part, wanted);
  }
}

/** Tells the epoch, and ends the runs whose last one it was. Gives the others. */
function finishEpoch(shared: SharedTraining, going: readonly Going[], epoch: number): Going[] {
  for (const each of going) {
    const finished = { epoch, metrics: metricsOf(each) };
    each.epochs.push(finished);
    each.run.onEpoch(finished);
  }
  const [finite, diverged] = split(going, isFinite);
  for (const each of diverged) each.run.onEnd({ outcome: 'diverged', epochs: each.epochs, metrics: metricsOf(each) });
  const [completed, others] = split(finite, ({ last }) => last);
  const tested = completed.filter(({ run }) => run.test);
  evaluatePart(shared.group, 'test', shared.test, tested);
  for (const each of completed) each.run.onEnd({ outcome: 'completed', epochs: each.epochs, metrics: metricsOf(each) });
  return others;
}

function metricsOf({ parts: { train, val, test } }: Going): Metrics {
  return { ...train, ...val, ...test };
}

function isFinite(each: Going): boolean {
  return [each.squares, ...Object.values(metricsOf(each))].every(Number.isFinite);
}

/** Adds a part's metrics to those of the runs. An empty part has none. */
function evaluatePart(group: NetworkGroup, name: PartName, part: Part, runs: readonly Going[]): void {
  if (runs.length === 0 || part.count === 0) return;
  const networks = runs.map(({ step }) => step.network);
  for (const [index, evaluation] of group.evaluate(part.records, part.first, part.count, networks).entries()) {
    const each = runs[index] as Going;
    each.parts[name] = partMetrics(name, part.count, evaluation, each.run.lambda, each.squares);
  }
}

function stepsBefore({ stepsPerEpoch }: TrainingPlan, epoch: number): number {
  return (epoch - 1) * stepsPerEpoch;
}

function stepsIn(plan: TrainingPlan, epoch: number): number {
  return Math.min(plan.stepsPerEpoch, plan.totalSteps - stepsBefore(plan, epoch));
}

function isDue(when: WhenEvaluated, last: boolean): boolean {
  return when === 'epoch' || (when === 'final' && last);
}

function split<T>(list: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] {
  return [list.filter(isFirst), list.filter((each) => !isFirst(each))];
}
