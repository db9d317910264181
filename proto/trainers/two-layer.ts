import { z } from 'zod';
import { learningRateSchema } from '../training/learning-rate.js';
import { MAX_EPOCHS } from '../training/plan.js';
import { dropoutSchema, hiddenSchema, initialisationSchema, MAX_BATCH, positiveInteger } from './network.js';

const whenEvaluated = z.enum(['epoch', 'final', 'never']);

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
  hidden: hiddenSchema.default(50),
  batch_size: positiveInteger.max(MAX_BATCH).default(100),
  learning_rate: learningRateSchema,
  /** L2 penalty: cost = loss + lambda * sum of squared weights. */
  lambda: z.number().min(0).default(0),
  /** Polyak's heavy ball: the share of the last step that the next one keeps; 0 is as without. */
  momentum: z.number().min(0).lt(1).optional(),
  /** The probability with which a hidden unit is dropped from a mini-batch's record; 0 is as without. */
  dropout: dropoutSchema.optional(),
  /** Mirror half of a mini-batch's images, left to right. */
  horizontal_flips: z.boolean().optional(),
  /** The first weights' deviation; `lecun` is as without. */
  init: initialisationSchema.optional(),
  /** End when val_loss has not fallen for so many epochs. */
  early_stopping: z
    .strictObject({ patience: positiveInteger.max(MAX_EPOCHS), min_delta: z.number().min(0).optional() })
    .optional(),
  /** What the network is after training: of its states at the ends of cycles the average, or as the last step left it. */
  average: z.enum(['none', 'cycles']).optional(),
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
