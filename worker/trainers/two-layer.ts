import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { networkLayers } from '../../proto/trainers/network.js';
import type { TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { LayerParameters, Network, NetworkGroup, NetworkShape } from '../kernel/kernel.js';
import { batchOrder } from '../train/batch-order.js';
import { trainSideBySide, type TrainingEnd, type TrainingRun } from '../train/epoch-loop.js';
import { initialParameters } from '../train/initialisation.js';
import { planTraining } from '../../proto/training/plan.js';
import { encodeSafetensors } from '../train/safetensors.js';
import { wantsWeights } from '../train/weights-policy.js';
import { networkTensors, weightsDigest, type Tensor } from '../train/weights.js';
import type { Normalisation, RunInput, Trainer, TrialEnd, TrialInput } from './trainer.js';

/**
 * The paper's network: inputs normalised by the training records' statistics, hidden ReLU layers, softmax, cross entropy
 * with an L2 penalty, mini-batch gradient descent.
 */
export const twoLayerTrainer: Trainer<TwoLayerConfig> = { needs, run };

function needs(config: TwoLayerConfig, dataset: DatasetInfo): { shape: NetworkShape; trainRecords: number } {
  const { train, validation } = config.dataset;
  if (train + validation > dataset.train) {
    throw new VernierError(
      'TRIAL_INVALID',
      `dataset.train ${train} + dataset.validation ${validation} are more than the ${dataset.train} training records of ${dataset.name}`,
      { mend: "choose a split within the data set's training records" },
    );
  }
  planTraining(config);
  return { shape: networkShape(config, dataset), trainRecords: train };
}

function networkShape(config: TwoLayerConfig, dataset: DatasetInfo): NetworkShape {
  return { layers: networkLayers(config, dataset), batchSize: config.batch_size, precision: 'float32' };
}

function run({ trials, dataset, normalisation, kernel, workspace }: RunInput<TwoLayerConfig>): void {
  const shapes = trials.map(({ config }) => networkShape(config, dataset.info));
  const group = kernel.open(shapes, workspace);
  group.setNormalisation(normalisation.mean, normalisation.deviation);
  const [first] = trials;
  if (first === undefined) return;
  const { seed, config } = first; // of the seed and of these settings, all are equal
  const { train, validation } = config.dataset;
  setInitialParameters(group, shapes, seed);

  const shared = {
    group,
    batchSize: config.batch_size,
    train: { records: dataset.train, first: 0, count: train },
    validation: { records: dataset.train, first: train, count: validation },
    test: { records: dataset.test, first: 0, count: dataset.test.records },
    batchOrder: (epoch: number) => batchOrder(seed, epoch, train),
  };
  const runs = trials.map((trial, network): TrainingRun => {
    const { lambda, evaluate, test } = trial.config;
    const plan = planTraining(trial.config);
    return {
      plan,
      lambda,
      evaluate,
      test,
      cancelled: trial.cancelled,
      onEpoch: (epoch) => trial.onEpoch(epoch, plan.epochs),
      onEnd: (end) => trial.onEnd(trialEnd(trial, end, group.networks[network] as Network, dataset, normalisation)),
    };
  });
  trainSideBySide(shared, runs);
}

/** Networks of equal layers begin alike; drawing takes as long as many update steps. */
function setInitialParameters(group: NetworkGroup, shapes: readonly NetworkShape[], seed: number): void {
  const drawn = new Map<string, LayerParameters[]>();
  for (const [index, { layers, precision }] of shapes.entries()) {
    const key = layers.join(' ');
    const parameters = drawn.get(key) ?? initialParameters(seed, layers, precision);
    drawn.set(key, parameters);
    (group.networks[index] as Network).setParameters(parameters);
  }
}

function trialEnd(
  trial: TrialInput<TwoLayerConfig>,
  { outcome, epochs, metrics }: TrainingEnd,
  network: Network,
  dataset: LoadedDataset,
  normalisation: Normalisation,
): TrialEnd {
  if (outcome === 'cancelled') return { outcome };
  const tensors = networkTensors(network.parameters());
  const finished = { outcome, epochs, metrics, weightsSha256: weightsDigest(tensors) };
  if (!wantsWeights(trial.weights, outcome, metrics)) return finished;
  const metadata = weightsMetadata(trial, dataset.info);
  return { ...finished, weights: encodeSafetensors([...tensors, ...normalisationTensors(normalisation)], metadata) };
}

/** As float32, to which the kernels round them too. */
function normalisationTensors({ mean, deviation }: Normalisation): Tensor[] {
  return [
    { name: 'input_mean', shape: [mean.length], data: Float32Array.from(mean) },
    { name: 'input_deviation', shape: [deviation.length], data: Float32Array.from(deviation) },
  ];
}

/** What somebody needs to compute the same accuracies elsewhere. */
function weightsMetadata(
  { config, seed, specSha256 }: TrialInput<TwoLayerConfig>,
  dataset: DatasetInfo,
): Record<string, string> {
  const { train, validation } = config.dataset;
  return {
    format: 'vernier two-layer',
    dataset: dataset.name,
    dataset_sha256: dataset.sha256,
    split: `training: records 0 to ${train - 1} of the training files; validation: the next ${validation}; test: the test files`,
    train_records: String(train),
    validation_records: String(validation),
    spec_sha256: specSha256,
    training_seed: String(seed),
    numerics_version: NUMERICS_VERSION,
    normalisation: 'x = (byte - input_mean) / input_deviation, for each of the inputs; bytes are 0 to 255',
    network: 'h = x; for each layer but the last: h = max(0, h W + b); scores = h W + b of the last; softmax',
  };
}
