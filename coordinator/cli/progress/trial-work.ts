import { z } from 'zod';
import type { Json } from '../../../proto/canonical.js';
import { catalogued } from '../../../proto/datasets.js';
import { gradientCheckSchema, tensorSizes } from '../../../proto/trainers/gradient-check.js';
import { networkLayers } from '../../../proto/trainers/network.js';
import { twoLayerSchema } from '../../../proto/trainers/two-layer.js';
import { durationSchema } from '../../../proto/training/duration.js';
import { trainingLength } from '../../../proto/training/plan.js';

/** What a trial's length follows from. Other settings change none, and a parameter may give them. */
const lengthSchema = z.object({
  ...twoLayerSchema.pick({ kind: true, batch_size: true, cycles: true, epochs: true }).shape,
  dataset: z.object({ train: z.number() }),
  learning_rate: z.object({ step_size: durationSchema.optional() }).prefault({}),
});

/**
 * How much training one trial of a round is, in records gone through, so that rounds of different length can be
 * compared. Undefined where parameters decide it, or another trainer's settings are not known here: it serves what
 * progress says and nothing else.
 */
export function trialWork(trial: { [key: string]: Json }): number | undefined {
  return trial['kind'] === 'gradient-check' ? gradientCheckWork(trial) : twoLayerWork(trial);
}

function twoLayerWork(trial: { [key: string]: Json }): number | undefined {
  const parsed = lengthSchema.safeParse(trial);
  if (!parsed.success) return undefined;
  const length = trainingLength(parsed.data);
  return length && length.totalSteps * parsed.data.batch_size;
}

/** What a check's size follows from. */
const checkSchema = z.object({
  dataset: z.object({ name: z.string() }),
  hidden: gradientCheckSchema.shape.hidden,
  samples: z.object({ count: z.number() }),
  entries: z.number().optional(),
});

/** Of training a record: what computing its cost takes, in float64 instead of float32. */
const COST_SHARE = 0.6;

/** A cost on each side of every entry that is checked, over all samples. */
function gradientCheckWork(trial: { [key: string]: Json }): number | undefined {
  const parsed = checkSchema.safeParse(trial);
  const data = parsed.success ? catalogued(parsed.data.dataset.name) : undefined;
  if (!parsed.success || data === undefined) return undefined;
  const { samples, entries = Infinity } = parsed.data;
  const sizes = tensorSizes(networkLayers(parsed.data, data));
  const checked = sizes.reduce((sum, size) => sum + Math.min(size, entries), 0);
  return 2 * checked * samples.count * COST_SHARE;
}
