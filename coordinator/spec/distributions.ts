import { z } from 'zod';
import type { Distribution } from '../../proto/domain.js';
import { jsonSchemaOf, type JsonSchema } from './json-schema.js';

/** What one definition of a parameter takes, by its distribution. Words and defaults are W&B's. */

const scalar = z
  .union([z.number(), z.string(), z.boolean(), z.null()])
  .meta({ expected: 'a number, text, true, false or null' });
/** Told apart before the rest of the definition is read; any text here. */
const distribution = z.string().optional();
const range = { distribution, min: z.number(), max: z.number() };
/** W&B's default. */
const q = z.number().positive().default(1);

export const distributionSchemas = {
  constant: z.strictObject({ distribution, value: scalar }),
  categorical: z.strictObject({
    distribution,
    values: z.array(scalar).min(1).meta({ expected: 'a list of at least one value' }),
    probabilities: z.array(z.number().min(0)).optional(),
  }),
  uniform: z.strictObject(range),
  q_uniform: z.strictObject({ ...range, q }),
  int_uniform: z.strictObject({ distribution, min: z.int(), max: z.int() }),
  log_uniform_values: z.strictObject(range),
  q_log_uniform_values: z.strictObject({ ...range, q }),
} satisfies Record<Distribution['distribution'], z.ZodType>;

export type DistributionName = keyof typeof distributionSchemas;

export const DISTRIBUTION_NAMES = Object.keys(distributionSchemas) as DistributionName[];

const jsonSchemas = Object.fromEntries(
  Object.entries(distributionSchemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]),
) as Record<DistributionName, JsonSchema>;

export function distributionJsonSchema(name: DistributionName): JsonSchema {
  return jsonSchemas[name];
}

/** W&B's other word for categorical with probabilities. */
const CATEGORICAL_WITH_PROBABILITIES = 'categorical_w_probabilities';

/** The distribution that a word names; undefined when Vernier has none of it. */
export function distributionNamed(word: string): DistributionName | undefined {
  if (word === CATEGORICAL_WITH_PROBABILITIES) return 'categorical';
  return DISTRIBUTION_NAMES.find((name) => name === word);
}
