import { twoLayerSchema } from './two-layer.js';

/** What a trial can run: kind -> schema of its settings. One entry a trainer in worker/trainers. */
export const trainerSchemas = {
  'two-layer': twoLayerSchema,
} as const;

export type TrainerKind = keyof typeof trainerSchemas;
