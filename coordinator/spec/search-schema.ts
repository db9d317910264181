import { z } from 'zod';
import { MAX_SEED } from '../../proto/seed.js';
import { jsonSchemaOf } from './json-schema.js';

/*
 * The shape of a search file but for what has schemas of its own: `trial` (proto/trainers) and a parameter's definition
 * (distributions.ts).
 */

/** Configurations of one round: more is a slip of the keyboard, and a round's trials are listed in one message. */
export const MAX_CONFIGURATIONS = 100_000;
/** Repeats of a configuration. */
const MAX_REPEATS = 1000;
const MAX_ROUNDS = 100;
/** Tries of a trial whose program fails. */
const MAX_RETRIES = 100;
export const DEFAULT_RETRIES = 3;
/** Spans of the best that `around` may add at each side. */
const MAX_MARGIN = 10;
export const DEFAULT_MARGIN = 0.1;

const NAME = { expected: '1 to 64 letters, digits, spaces, dots, underscores or hyphens', example: 'my-search' };
/** Names appear in tables, file names and on command lines. */
const name = z
  .string()
  .regex(/^(?! )[\p{L}\p{N} ._-]{1,64}(?<! )$/u)
  .meta(NAME);
const anyMap = z.record(z.string(), z.unknown()).meta({ expected: 'a map' });
const method = z.enum(['random', 'grid']);
const configurations = z.int().min(1).max(MAX_CONFIGURATIONS);
const seed = z.int().min(0).max(MAX_SEED).meta({ expected: 'a whole number from 0 to 2^53 - 1', example: '42' });

const narrow = z.strictObject({
  between: z.strictObject({ best: z.int().min(2).max(MAX_CONFIGURATIONS) }).optional(),
  around: z
    .strictObject({
      best: z.int().min(2).max(MAX_CONFIGURATIONS),
      margin: z.number().min(0).max(MAX_MARGIN).default(DEFAULT_MARGIN),
    })
    .optional(),
  widen: z.boolean().default(false),
  parameters: z.array(z.string()).min(1).optional(),
});

export const roundSchema = z
  .strictObject({
    name: name.meta({ ...NAME, example: 'coarse' }),
    method: method.optional(),
    trials: configurations.optional(),
    narrow: narrow.optional(),
    carry: z.strictObject({ best: configurations }).optional(),
    trial: anyMap.optional(),
    parameters: anyMap.optional(),
  })
  .meta({ expected: 'a round: {name: ..., method: random, trials: 8, ...}' });

export const searchSchema = z.strictObject({
  name,
  description: z.string().optional(),
  /** Required unless the command line gives one. */
  seed: seed.optional(),
  metric: z
    .strictObject({
      name: z.string().meta({ example: 'val_accuracy' }),
      goal: z.enum(['maximize', 'minimize']).optional(),
    })
    .meta({ example: '{name: val_accuracy, goal: maximize}' }),
  trial: anyMap.meta({ expected: 'a map', example: '{kind: two-layer, ...}' }),
  parameters: anyMap.optional(),
  rounds: z
    .array(roundSchema)
    .min(1)
    .max(MAX_ROUNDS)
    .meta({ expected: `a list of 1 to ${MAX_ROUNDS} rounds` })
    .optional(),
  method: method.optional(),
  trials: configurations.optional(),
  run_cap: configurations.optional(),
  seeds: z.array(seed).min(1).max(MAX_REPEATS).optional(),
  repeats: z.int().min(1).max(MAX_REPEATS).optional(),
  keep_weights: z.enum(['best', 'all', 'none']).default('best'),
  retries: z.int().min(1).max(MAX_RETRIES).default(DEFAULT_RETRIES),
  on_failure: z.enum(['stop', 'continue']).default('stop'),
});

export const searchJsonSchema = jsonSchemaOf(searchSchema);

/** Where the command line gives no seed, the file must. */
export const searchJsonSchemaWithSeed = {
  ...searchJsonSchema,
  required: ['seed', ...(searchJsonSchema.required ?? [])],
};

/** What is sound of a file after the first pass: any part may be missing. */
export type Partially<T> = T extends readonly (infer Item)[]
  ? Partially<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Partially<T[Key]> | undefined }
    : T;

export type SearchPart = Partially<z.output<typeof searchSchema>>;
export type RoundPart = Partially<z.output<typeof roundSchema>>;
