import type { z } from 'zod';
import { gradientCheckSchema } from './gradient-check.js';
import { twoLayerSchema } from './two-layer.js';

/** What a trial can run: kind -> schema of its settings. One entry a trainer in worker/trainers. */
export const trainerSchemas = {
  'two-layer': twoLayerSchema,
  'gradient-check': gradientCheckSchema,
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

/** Kinds whose trials are divided into parts, which all threads of their worker share; the others' run in one thread each. */
const DIVIDED_KINDS = ['gradient-check'] as const satisfies TrainerKind[];

export type DividedConfig = Extract<TrialConfig, { kind: (typeof DIVIDED_KINDS)[number] }>;
export type OneThreadConfig = Exclude<TrialConfig, DividedConfig>;

export function isDividedKind(kind: unknown): boolean {
  return DIVIDED_KINDS.some((divided) => divided === kind);
}

export function isDivided(config: TrialConfig): config is DividedConfig {
  return isDividedKind(config.kind);
}
