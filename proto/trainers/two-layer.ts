import { z } from 'zod';

/** Network sizes beyond these would not fit a node's 4 GiB kernel memory; they catch slips of the keyboard. */
const MAX_UNITS = 65_536;
const MAX_BATCH = 65_536;
/** A trial's result is one message, at most 4 MiB (proto/vernier.proto), with up to six metrics of each epoch. */
export const MAX_EPOCHS = 20_000;

const positiveInteger = z.int().min(1);
const whenEvaluated = z.enum(['epoch', 'final', 'never']);

/** Half a cycle, in update steps: a number of steps, or of epochs (times floor(train / batch_size)). */
const stepSize = z.union([
  positiveInteger,
  z.strictObject({ steps: positiveInteger }),
  z.strictObject({ epochs: z.number().positive() }),
]);

const learningRate = z.discriminatedUnion('schedule', [
  z.strictObject({ schedule: z.literal('constant'), value: z.number().min(0) }),
  z.strictObject({
    schedule: z.literal('triangular'),
    min: z.number().min(0),
    max: z.number().min(0),
    step_size: stepSize,
  }),
]);

/**
 * The `two-layer` trainer's settings, as a search file's `trial` gives them after merging and binding: the paper's
 * network (inputs, hidden ReLU units, softmax) trained by mini-batch gradient descent.
 *
 * Cross-field rules (cycles or epochs, splits within the data set, min below max) are coordinator/spec's.
 */
export const twoLayerSchema = z.strictObject({
  kind: z.literal('two-layer'),
  dataset: z.strictObject({
    name: z.string().min(1),
    /** The first `train` records of the training files, in file order. */
    train: positiveInteger,
    /** The next `validation` records. */
    validation: z.int().min(0),
  }),
  /** Units of the hidden layer; several layers as a list. */
  hidden: z.union([positiveInteger.max(MAX_UNITS), z.array(positiveInteger.max(MAX_UNITS)).min(1).max(8)]).default(50),
  batch_size: positiveInteger.max(MAX_BATCH).default(100),
  learning_rate: learningRate,
  /** L2 penalty: cost = loss + lambda * sum of squared weights. */
  lambda: z.number().min(0).default(0),
  /** Length of training: cycles of a cyclical schedule (2 * step_size update steps each), or epochs. */
  cycles: positiveInteger.optional(),
  epochs: positiveInteger.max(MAX_EPOCHS).optional(),
  evaluate: z.strictObject({ train: whenEvaluated.default('final'), val: whenEvaluated.default('epoch') }).prefault({}),
  /** Evaluate the test records after training. */
  test: z.boolean().default(false),
});

/** Settings as written, before defaults. */
export type TwoLayerInput = z.input<typeof twoLayerSchema>;
export type TwoLayerConfig = z.output<typeof twoLayerSchema>;

/** Units per layer of the trial's network: inputs, hidden ..., classes. */
export function networkLayers({ hidden }: TwoLayerConfig, data: { inputs: number; classes: number }): number[] {
  return [data.inputs, ...(typeof hidden === 'number' ? [hidden] : hidden), data.classes];
}

type StepSize = z.output<typeof stepSize>;

/** n_s in update steps: whole ones, rounded down from epochs, and at least one. */
export function stepSizeInSteps(given: StepSize, stepsPerEpoch: number): number {
  if (typeof given === 'number') return given;
  if ('steps' in given) return given.steps;
  return Math.max(1, Math.floor(given.epochs * stepsPerEpoch));
}
