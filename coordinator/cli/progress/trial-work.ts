import { z } from 'zod';
import type { Json } from '../../../proto/canonical.js';
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
  const parsed = lengthSchema.safeParse(trial);
  if (!parsed.success) return undefined;
  const length = trainingLength(parsed.data);
  return length && length.totalSteps * parsed.data.batch_size;
}
