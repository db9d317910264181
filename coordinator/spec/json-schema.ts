import { z } from 'zod';
import type { Json } from '../../proto/canonical.js';
import type { ParameterValue } from '../../proto/domain.js';

type TypeName = 'integer' | 'number' | 'string' | 'boolean' | 'null' | 'array' | 'object';

/** The part of JSON Schema that settings are described in; what zod writes for the schemas of this project. */
export interface JsonSchema {
  type?: TypeName | TypeName[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  enum?: ParameterValue[];
  const?: ParameterValue;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  default?: Json;
  /** Ours: what messages say is expected, where the rest would not tell it well. */
  expected?: string;
  /** Ours: what a suggestion writes where the key is missing. */
  example?: string;
}

/** Schema of a map with fixed keys, or of one with any keys (`additionalProperties` a schema). */
export type MapSchema = JsonSchema & { type: 'object' };

/** What the schema takes before defaults are filled in. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', reused: 'inline' }) as JsonSchema;
}

/** The alternatives of a schema, each of one type; a schema without alternatives is its own only one. */
export function branchesOf(schema: JsonSchema): JsonSchema[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return alternatives.flatMap(branchesOf);
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

export function mapBranchesOf(schema: JsonSchema): MapSchema[] {
  return branchesOf(schema).filter((branch): branch is MapSchema => branch.type === 'object');
}

/** The schema of a map's key, undefined when the map has no such key. */
export function propertyOf(schema: MapSchema, key: string): JsonSchema | undefined {
  const { properties = {}, additionalProperties } = schema;
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** The keys that any of the maps names, each once. */
export function keysOf(maps: readonly MapSchema[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map.properties ?? {})))];
}

/** The key whose fixed value tells the maps apart, e.g. `schedule`. */
export function discriminatorOf(maps: readonly MapSchema[]): string | undefined {
  if (maps.length < 2) return undefined;
  return keysOf(maps).find((key) => maps.every((map) => propertyOf(map, key)?.const !== undefined));
}

/** What the schema takes, in words that follow "must be". */
export function describe(schema: JsonSchema): string {
  if (schema.expected !== undefined) return schema.expected;
  const branches = branchesOf(schema);
  if (branches.length > 1) {
    const words = branches.map((branch) => describe(branch));
    return [...new Set(words.map((word) => words.reduce(inShort, word)))].join(', or ');
  }
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values !== undefined) {
    return `${values.length > 1 ? 'one of ' : ''}${values.map((value) => String(value)).join(', ')}`;
  }
  return describeType(schema);
}

function describeType(schema: JsonSchema): string {
  const { type, items, minItems = 0, maxItems, properties = {} } = schema;
  if (type === 'integer') return `a whole number${range(schema)}`;
  if (type === 'number') return `a number${range(schema)}`;
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'true or false';
  if (type === 'null') return 'null';
  if (type === 'array') {
    const count = maxItems === undefined ? `at least ${minItems}` : `${minItems} to ${maxItems}`;
    const each = items === undefined ? '' : ` (each ${describe(items)})`;
    return `a list${minItems === 0 && maxItems === undefined ? '' : ` of ${count}`}${each}`;
  }
  if (type !== 'object') return 'a value';
  const keys = Object.keys(properties);
  return keys.length === 0 ? 'a map' : `a map {${keys.map((key) => `${key}: ...`).join(', ')}}`;
}

/** `a number, or a list of 1 to 8 of them` */
function inShort(text: string, sibling: string): string {
  return text.replace(` (each ${sibling})`, ' of them');
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (exclusiveMaximum !== undefined) {
    const from = exclusiveMinimum === undefined ? minimum : undefined;
    if (from !== undefined) return ` from ${from}, below ${exclusiveMaximum}`;
    return ` ${exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}, `}below ${exclusiveMaximum}`;
  }
  // Every whole number has the limit of exact doubles; naming it would only distract.
  const limited = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}${limited ? `, at most ${maximum}` : ''}`;
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) {
    return limited ? ` from ${minimum} to ${maximum}` : ` of at least ${minimum}`;
  }
  return limited ? ` of at most ${maximum}` : '';
}
