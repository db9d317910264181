import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { networkLayers } from '../../proto/trainers/network.js';
import type { TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { planTraining, type TrainingPlan } from '../../proto/training/plan.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { LayerParameters, Network, NetworkGroup, NetworkShape, Region } from '../kernel/kernel.js';
import { batchOrder } from '../train/batch-order.js';
import { CycleAverage } from '../train/cycle-average.js';
import { DropoutMasks } from '../train/dropout.js';
import { EarlyStopping } from '../train/early-stopping.js';
import { trainSideBySide, type TrainingEnd, type TrainingRun } from '../train/epoch-loop.js';
import { flippedBatchBytes, flippedMiniBatches } from '../train/flips.js';
import { initialParameters } from '../train/initialisation.js';
import { plainMiniBatches, type MiniBatches } from '../train/mini-batches.js';
import { encodeSafetensors } from '../train/safetensors.js';
import { wantsWeights } from '../train/weights-policy.js';
import { networkTensors, weightsDigest, type Tensor } from '../train/weights.js';
import type { Normalisation, RunInput, Trainer, TrialEnd, TrialInput, TrialNeeds } from './trainer.js';
import { sharedPart } from './workspace.js';

/**
 * The paper's network: inputs normalised by the training records' statistics, hidden ReLU layers, softmax, cross entropy
 * with an L2 penalty, mini-batch gradient descent.
 */
export const twoLayerTrainer: Trainer<TwoLayerConfig> = { needs, run };

function needs(config: TwoLayerConfig, dataset: DatasetInfo): TrialNeeds {
  const { train, validation } = config.dataset;
  if (train + validation > dataset.train) {
    throw new VernierError(
      'TRIAL_INVALID',
      `dataset.train ${train} + dataset.validation ${validation} are more than the ${dataset.train} training records of ${dataset.name}`,
      { mend: "choose a split within the data set's training records" },
    );
  }
  const { cycleSteps } = planTraining(config);
  if (config.average === 'cycles' && cycleSteps === undefined) {
    throw new VernierError('TRIAL_INVALID', 'average: cycles needs a cyclical schedule', {
      mend: 'choose a schedule with cycles, or leave average out',
    });
  }
  if (config.early_stopping !== undefined && (config.evaluate.val !== 'epoch' || validation === 0)) {
    throw new VernierError('TRIAL_INVALID', 'early_stopping needs val_loss after every epoch', {
      mend: 'set evaluate.val to epoch, and dataset.validation above 0',
    });
  }
  const shape = networkShape(config, dataset);
  if (config.horizontal_flips !== true) return { shape, trainRecords: train };
  if (dataset.image === undefined) {
    throw new VernierError('TRIAL_INVALID', `horizontal_flips: the records of ${dataset.name} are no images here`, {
      mend: `add them with their shape: vernier data add ${dataset.name} PATH --replace`,
    });
  }
  return { shape, trainRecords: train, sharedBytes: flippedBatchBytes(config.batch_size, dataset.inputs) };
}

function networkShape(config: TwoLayerConfig, dataset: DatasetInfo): NetworkShape {
  const { batch_size: batchSize, momentum = 0, dropout = 0 } = config;
  return {
    layers: networkLayers(config, dataset),
    batchSize,
    precision: 'float32',
    ...(momentum > 0 ? { momentum: true } : {}),
    ...(dropout > 0 ? { dropout: true } : {}),
  };
}

function run(input: RunInput<TwoLayerConfig>): void {
  const { trials, dataset, normalisation, kernel, workspace } = input;
  const shapes = trials.map(({ config }) => networkShape(config, dataset.info));
  const group = kernel.open(shapes, workspace);
  group.setNormalisation(normalisation.mean, normalisation.deviation);
  const [first] = trials;
  if (first === undefined) return;
  const { seed, config } = first; // of the seed and of these settings, all are equal
  const { train, validation } = config.dataset;
  setInitialParameters(group, shapes, trials);

  const shared = {
    group,
    train: { records: dataset.train, first: 0, count: train },
    validation: { records: dataset.train, first: train, count: validation },
    test: { records: dataset.test, first: 0, count: dataset.test.records },
    miniBatches: miniBatchesOf(input, config, seed, sharedPart(kernel, shapes, workspace)),
  };
  const runs = trials.map((trial, network): TrainingRun => {
    const { lambda, evaluate, test } = trial.config;
    const plan = planTraining(trial.config);
    return {
      plan,
      lambda,
      evaluate,
      test,
      ...furtherMeans(trial, shapes[network] as NetworkShape, plan),
      cancelled: trial.cancelled,
      onEpoch: (epoch) => trial.onEpoch(epoch, plan.epochs),
      onEnd: (end) => trial.onEnd(trialEnd(trial, end, group.networks[network] as Network, dataset, normalisation)),
    };
  });
  trainSideBySide(shared, runs);
}

function miniBatchesOf(
  { memory, dataset }: RunInput<TwoLayerConfig>,
  { batch_size: batchSize, horizontal_flips: flips, dataset: { train } }: TwoLayerConfig,
  seed: number,
  room: Region,
): MiniBatches {
  const records = dataset.train;
  const inOrder = (epoch: number): Uint32Array => batchOrder(seed, epoch, train);
  const { image } = dataset.info;
  return flips === true && image !== undefined
    ? flippedMiniBatches({ memory, records, image, seed, batchSize, batchOrder: inOrder, room })
    : plainMiniBatches(records, batchSize, inOrder);
}

/** A trial's means of training beyond the paper's, where it has them. */
function furtherMeans(
  { config, seed }: TrialInput<TwoLayerConfig>,
  { layers, batchSize }: NetworkShape,
  { cycleSteps }: TrainingPlan,
): Pick<TrainingRun, 'momentum' | 'dropout' | 'earlyStopping' | 'average'> {
  const { momentum = 0, dropout = 0, early_stopping: stopping, average } = config;
  return {
    ...(momentum > 0 ? { momentum } : {}),
    ...(dropout > 0 ? { dropout: new DropoutMasks(seed, dropout, layers.slice(1, -1), batchSize) } : {}),
    ...(stopping === undefined ? {} : { earlyStopping: new EarlyStopping(stopping) }),
    ...(average === 'cycles' && cycleSteps !== undefined ? { average: new CycleAverage(cycleSteps) } : {}),
  };
}

/** Networks of equal layers that are drawn alike begin alike; drawing takes as long as many update steps. */
function setInitialParameters(
  group: NetworkGroup,
  shapes: readonly NetworkShape[],
  trials: readonly TrialInput<TwoLayerConfig>[],
): void {
  const drawn = new Map<string, LayerParameters[]>();
  for (const [index, { layers, precision }] of shapes.entries()) {
    const { seed, config } = trials[index] as TrialInput<TwoLayerConfig>;
    const key = [config.init, ...layers].join(' ');
    const parameters = drawn.get(key) ?? initialParameters(seed, layers, precision, config.init);
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
