import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import type { TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { Network, NetworkShape } from '../kernel/kernel.js';
import { batchOrder } from '../train/batch-order.js';
import { runEpochs } from '../train/epoch-loop.js';
import { initialParameters } from '../train/initialisation.js';
import { planTraining } from '../train/plan.js';
import { encodeSafetensors } from '../train/safetensors.js';
import { wantsWeights } from '../train/weights-policy.js';
import { networkTensors, weightsDigest, type Tensor } from '../train/weights.js';
import type { Normalisation, Trainer, TrialEnd, TrialInput } from './trainer.js';

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
  const hidden = typeof config.hidden === 'number' ? [config.hidden] : config.hidden;
  return { layers: [dataset.inputs, ...hidden, dataset.classes], batchSize: config.batch_size, precision: 'float32' };
}

function run(input: TrialInput<TwoLayerConfig>): TrialEnd {
  const { config, seed, dataset, normalisation, kernel } = input;
  const { train, validation } = config.dataset;
  const shape = networkShape(config, dataset.info);
  const plan = planTraining(config);

  const group = kernel.open([shape], input.workspace);
  const network = group.networks[0] as Network;
  group.setNormalisation(normalisation.mean, normalisation.deviation);
  network.setParameters(initialParameters(seed, shape.layers, shape.precision));
  const { outcome, epochs, metrics } = runEpochs({
    group,
    plan,
    batchSize: config.batch_size,
    lambda: config.lambda,
    train: { records: dataset.train, first: 0, count: train },
    validation: { records: dataset.train, first: train, count: validation },
    test: config.test ? { records: dataset.test, first: 0, count: dataset.test.records } : undefined,
    evaluate: config.evaluate,
    batchOrder: (epoch) => batchOrder(seed, epoch, train),
    cancelled: input.cancelled,
    onEpoch: (epoch) => input.onEpoch(epoch, plan.epochs),
  });
  if (outcome === 'cancelled') return { outcome };

  const tensors = networkTensors(network.parameters());
  const finished = { outcome, epochs, metrics, weightsSha256: weightsDigest(tensors) };
  if (!wantsWeights(input.weights, outcome, metrics)) return finished;
  const file = encodeSafetensors([...tensors, ...normalisationTensors(normalisation)], weightsMetadata(input));
  return { ...finished, weights: file };
}

/** As float32, to which the kernels round them too. */
function normalisationTensors({ mean, deviation }: Normalisation): Tensor[] {
  return [
    { name: 'input_mean', shape: [mean.length], data: Float32Array.from(mean) },
    { name: 'input_deviation', shape: [deviation.length], data: Float32Array.from(deviation) },
  ];
}

/** What somebody needs to compute the same accuracies elsewhere. */
function weightsMetadata({ config, seed, dataset, specSha256 }: TrialInput<TwoLayerConfig>): Record<string, string> {
  const { train, validation } = config.dataset;
  return {
    format: 'vernier two-layer',
    dataset: dataset.info.name,
    dataset_sha256: dataset.info.sha256,
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
