import type { z } from 'zod';
import { twoLayerSchema } from './two-layer.js';

/** What a trial can run: kind -> schema of its settings. One entry a trainer in worker/trainers. */
export const trainerSchemas = {
  'two-layer': twoLayerSchema,
} as const;

export type TrainerKind = keyof typeof trainerSchemas;

/** A trial's settings, checked, of any kind. */
export type TrialConfig = z.output<(typeof trainerSchemas)[TrainerKind]>;

/** The schema of a trial's settings by their `kind`; undefined when there is none of that kind. */
export function trainerSchema(kind: unknown): (typeof trainerSchemas)[TrainerKind] | undefined {
  return typeof kind === 'string' && Object.hasOwn(trainerSchemas, kind)
    ? trainerSchemas[kind as TrainerKind]
    : undefined;
}
