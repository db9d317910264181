import { z } from 'zod';
import {
  dropoutSchema,
  hiddenSchema,
  initialisationSchema,
  MAX_BATCH,
  MAX_HIDDEN_LAYERS,
  networkLayers,
  positiveInteger,
  tensorNames,
} from './network.js';

/**
 * The `gradient-check` trainer's settings: the gradient that training uses, compared with differences of the cost, parameter by
 * parameter, in float64 and at the initial parameters. docs/gradient-check.md tells what for, docs/numerics.md how.
 */
export const gradientCheckSchema = z.strictObject({
  kind: z.literal('gradient-check'),
  dataset: z.strictObject({
    name: z.string().min(1),
    /** The first `train` training records: they give the normalisation, and the samples are of them. */
    train: positiveInteger,
  }),
  hidden: hiddenSchema.default(50),
  init: initialisationSchema.optional(),
  /** The masks are those of a training's first mini-batch, the same at every evaluation. */
  dropout: dropoutSchema.optional(),
  /** The records whose cost it is. */
  samples: z.strictObject({
    count: positiveInteger.max(MAX_BATCH),
    /** The first `count` of the `train` records, or so many distinct ones drawn by the training seed. */
    choice: z.enum(['first', 'random']).default('first'),
  }),
  /** L2 penalty: cost = loss + lambda * sum of squared weights. */
  lambda: z.number().min(0).default(0),
  /** h: how far a parameter is moved. */
  step: z.number().positive().default(1e-5),
  /** Check so many entries of each tensor, drawn by the training seed, instead of all. */
  entries: positiveInteger.optional(),
});

export type GradientCheckConfig = z.output<typeof gradientCheckSchema>;

/** (J(w + h) - J(w)) / h, the course's ComputeGradsNum, and (J(w + h) - J(w - h)) / (2 h), its ComputeGradsNumSlow. */
export const DIFFERENCES = ['forward', 'central'] as const;
export type Difference = (typeof DIFFERENCES)[number];

/** What is said of a tensor; see docs/numerics.md for each. */
export const DEVIATIONS = [
  'mean_difference',
  'mean_absolute_difference',
  'max_absolute_difference',
  'max_relative_error',
] as const;
export type Deviation = (typeof DEVIATIONS)[number];

/** `central_W1_max_relative_error`; without a tensor, the greatest of all tensors': `central_max_relative_error`. */
export function deviationMetric(difference: Difference, deviation: Deviation, tensor?: string): string {
  return [difference, ...(tensor === undefined ? [] : [tensor]), deviation].join('_');
}

/** Cost and loss at the initial parameters, and every deviation of every tensor that a network can have. */
export const GRADIENT_CHECK_METRICS: readonly string[] = [
  'cost',
  'loss',
  ...[undefined, ...tensorNames(MAX_HIDDEN_LAYERS + 1)].flatMap((tensor) =>
    DIFFERENCES.flatMap((difference) => DEVIATIONS.map((deviation) => deviationMetric(difference, deviation, tensor))),
  ),
];

/** Parameters of each tensor, W1, b1, W2, ... */
export function tensorSizes(layers: readonly number[]): number[] {
  return layers.slice(1).flatMap((outputs, layer) => [(layers[layer] as number) * outputs, outputs]);
}

/**
 * Bytes that a check needs at the least, in float64: parameters, gradients and the costs of what is checked, and a network with room
 * for its gradients and activations.
 */
export function leastBytes(
  config: Pick<GradientCheckConfig, 'hidden' | 'entries'> & { samples: { count: number } },
  data: { inputs: number; classes: number },
): number {
  const layers = networkLayers(config, data);
  const sizes = tensorSizes(layers);
  const parameters = sum(sizes);
  const checked = sum(sizes.map((size) => Math.min(size, config.entries ?? size)));
  const values = 2 * parameters + 2 * checked + 2 * parameters + config.samples.count * sum(layers);
  return Float64Array.BYTES_PER_ELEMENT * values;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
