import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { MAX_KERNEL_BYTES } from '../../proto/kernels.js';
import { leastBytes, type GradientCheckConfig } from '../../proto/trainers/gradient-check.js';
import { networkLayers } from '../../proto/trainers/network.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { Dropout, NetworkShape } from '../kernel/kernel.js';
import { DropoutMasks } from '../train/dropout.js';
import { checkedTensors, drawEntries, type CheckedTensor } from '../train/gradient-check/checked.js';
import { costAndGradients, movedCosts, type CostFunction } from '../train/gradient-check/costs.js';
import { checkMetrics, RELATIVE_ERROR_FLOOR } from '../train/gradient-check/deviations.js';
import { sampleRows } from '../train/gradient-check/samples.js';
import { checkState, entriesOf, layersOf, stateBytes, type CheckState } from '../train/gradient-check/state.js';
import { checkTensors, dropoutTensors, sampleTensors } from '../train/gradient-check/tensors.js';
import { initialParameters } from '../train/initialisation.js';
import { encodeSafetensors } from '../train/safetensors.js';
import { wantsWeights, type WeightsPolicy } from '../train/weights-policy.js';
import { weightsDigest } from '../train/weights.js';
import type { DividedInput, DividedNeeds, DividedTrainer, StepRoom, TrialFinished } from './trainer.js';

/**
 * The gradient that training uses, compared with differences of the cost: each parameter of the initial network is moved up and down
 * by h, each time the whole network is evaluated. Float64 throughout.
 */
export const gradientCheckTrainer: DividedTrainer<GradientCheckConfig> = { needs, prepare, runPart, finish };

/** Multiplications, each with its addition, of a part's products: a second or two of a vectorised kernel, so that progress is seen. */
const MULTIPLIES_A_PART = 15e9;
/** A small check is divided too, so that all threads have a share of it. */
const LEAST_PARTS = 16;
/** More would be news too often. */
const MOST_PARTS = 10_000;
/**
 * Networks that a thread evaluates side by side, in pairs of a raised and a lowered one. Of the paper's network a pair is as fast as
 * any number with WASM, and 3 % slower than two pairs with the native kernel; eight pairs leave the caches (test/bench/losses.ts).
 */
const NETWORKS_AT_ONCE = 2;

type Input = DividedInput<GradientCheckConfig>;

function needs(config: GradientCheckConfig, dataset: DatasetInfo): DividedNeeds {
  const { train } = config.dataset;
  const { count } = config.samples;
  if (train > dataset.train) {
    throw invalid(`dataset.train ${train} is more than the ${dataset.train} training records of ${dataset.name}`);
  }
  if (count > train) throw invalid(`samples.count ${count} is more than dataset.train ${train}`);
  const bytes = leastBytes(config, dataset);
  if (bytes > MAX_KERNEL_BYTES) {
    throw invalid(`the check needs ${bytes} bytes or more of kernel memory, and a node has ${MAX_KERNEL_BYTES}`);
  }
  const layers = networkLayers(config, dataset);
  const tensors = checkedTensors(layers, config.entries);
  const checked = tensors.reduce((sum, tensor) => sum + tensor.count, 0);
  const weights = tensors.reduce((sum, { tensor, size }) => sum + (tensor === 'weights' ? size : 0), 0);
  const dropout = config.dropout !== undefined && config.dropout > 0;
  const shape: NetworkShape = { layers, batchSize: count, precision: 'float64', dropout };
  return {
    trainRecords: train,
    stateBytes: stateBytes(tensors),
    parts: partsOf(2 * checked * count * weights, Math.ceil((2 * checked) / NETWORKS_AT_ONCE)),
    shapes: { prepare: [{ ...shape, gradients: true }], part: Array.from({ length: NETWORKS_AT_ONCE }, () => shape) },
  };
}

/** @param calls of the kernel's batchLoss, none of which is divided */
function partsOf(multiplies: number, calls: number): number {
  return Math.min(calls, MOST_PARTS, Math.max(LEAST_PARTS, Math.ceil(multiplies / MULTIPLIES_A_PART)));
}

function invalid(message: string): VernierError {
  return new VernierError('TRIAL_INVALID', message, { mend: "change the trial's settings in the search file" });
}

function prepare(input: Input, room: StepRoom): void {
  const { config, seed, dataset } = input;
  const { tensors, state } = open(input);
  const layers = networkLayers(config, dataset.info);
  for (const [index, { weights }] of initialParameters(seed, layers, 'float64', config.init).entries()) {
    layersOf(state, tensors)[index]?.weights.set(weights);
    layersOf(state, tensors)[index]?.bias.fill(0);
  }
  for (const tensor of tensors) if (tensor.isDrawn) entriesOf(state, tensor)?.set(drawEntries(seed, tensor));
  costAndGradients(state, tensors, costFunction(input, room, 'prepare'));
}

function runPart(input: Input, room: StepRoom, part: number, stopped: () => boolean): void {
  const { config, dataset } = input;
  const { tensors, state } = open(input);
  const { parts } = needs(config, dataset.info);
  const checked = state.raised.length;
  const range = { first: Math.floor((checked * part) / parts), last: Math.floor((checked * (part + 1)) / parts) };
  movedCosts(state, tensors, costFunction(input, room, 'part'), config.step, range, stopped);
}

function finish(input: Input, policy: WeightsPolicy): TrialFinished {
  const { config, seed, dataset, normalisation, memory } = input;
  const { tensors, state } = open(input);
  const metrics = checkMetrics(state, tensors, config.step);
  const outcome = Object.values(metrics).every(Number.isFinite) ? 'completed' : 'diverged';
  const samples = sampleTensors(memory, dataset.train, sampleRows(seed, config), normalisation);
  const all = [...samples, ...dropoutTensors(dropoutOf(input), config.samples.count), ...checkTensors(state, tensors)];
  const finished = { outcome, epochs: [], metrics, weightsSha256: weightsDigest(all) } as const;
  if (!wantsWeights(policy, outcome, metrics)) return { ...finished, epochs: [] };
  return { ...finished, epochs: [], weights: encodeSafetensors(all, fileMetadata(input)) };
}

function open({ config, dataset, memory, state }: Input): { tensors: CheckedTensor[]; state: CheckState } {
  const tensors = checkedTensors(networkLayers(config, dataset.info), config.entries);
  return { tensors, state: checkState(memory, state, tensors) };
}

function costFunction(input: Input, { kernel, workspace }: StepRoom, step: 'prepare' | 'part'): CostFunction {
  const { config, seed, dataset, normalisation } = input;
  const group = kernel.open(needs(config, dataset.info).shapes[step], workspace);
  group.setNormalisation(normalisation.mean, normalisation.deviation);
  const dropout = dropoutOf(input);
  return { group, records: dataset.train, rows: sampleRows(seed, config), lambda: config.lambda, dropout };
}

/** That of a training's first mini-batch. */
function dropoutOf({ config, seed, dataset }: Input): Dropout | undefined {
  if (config.dropout === undefined || config.dropout === 0) return undefined;
  const hidden = networkLayers(config, dataset.info).slice(1, -1);
  const masks = new DropoutMasks(seed, config.dropout, hidden, config.samples.count);
  masks.startEpoch(1);
  return masks.next();
}

/** What somebody needs to compute the same gradients elsewhere. */
function fileMetadata({ config, seed, specSha256, dataset }: Input): Record<string, string> {
  return {
    format: 'vernier gradient-check',
    dataset: dataset.info.name,
    dataset_sha256: dataset.info.sha256,
    train_records: String(config.dataset.train),
    lambda: String(config.lambda),
    step: String(config.step),
    relative_error_floor: String(RELATIVE_ERROR_FLOOR),
    spec_sha256: specSha256,
    training_seed: String(seed),
    numerics_version: NUMERICS_VERSION,
    network:
      'h = inputs; for each layer but the last: h = max(0, h W + b), times dropout1, dropout2, ... where they are given; scores = h W + b of the last; softmax',
    cost: 'loss + lambda * (sum of squared weights); loss = mean of -log(softmax(scores)[label])',
    gradients:
      'X.gradient is the analytic gradient of the cost by X; X.cost_raised and X.cost_lowered are the costs with that one entry of X moved up and down by the step; of the entries X.entries of X (row by row), where they are given',
  };
}
