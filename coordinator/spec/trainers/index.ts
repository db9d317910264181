import { trainerSchemas, type TrainerKind } from '../../../proto/trainers/index.js';
import type { TrainerRules } from './trainer-rules.js';
import { gradientCheckRules } from './gradient-check.js';
import { twoLayerRules } from './two-layer.js';

/**
 * Every trainer's meaning checks; one entry for each in proto/trainers. Each is given what its own schema has left sound, so its
 * own type of settings is forgotten here.
 */
export const trainerRules: Record<TrainerKind, TrainerRules> = {
  'two-layer': twoLayerRules,
  'gradient-check': gradientCheckRules,
};

export const TRAINER_KINDS = Object.keys(trainerSchemas) as TrainerKind[];
