import type { Json } from '../../proto/canonical.js';
import { closest } from '../../proto/closest.js';
import {
  branchesOf,
  describe,
  discriminatorOf,
  keysOf,
  mapBranchesOf,
  propertyOf,
  type JsonSchema,
  type MapSchema,
} from './json-schema.js';
import { mendOfLength } from './mends.js';
import { LONGEST_COMPARED, mismatch, takesScalar } from './mismatch.js';
import type { Problems } from './problems.js';
import { quote, toJson, type SourceList, type SourceMap, type SourceValue } from './source.js';

/** Mends for what is known otherwise than by its spelling. */
export interface Hints {
  unknownKey: (path: string) => string | undefined;
  unknownValue: (path: string, value: string) => string | undefined;
}

const NO_HINTS: Hints = { unknownKey: () => undefined, unknownValue: () => undefined };

/**
 * The first pass: types, unknown keys, missing keys. Every mistake is added to `problems` and its value marked there, so that
 * the second pass, over what is left, tells of no mistake that only follows from another.
 *
 * It takes what the zod schema behind `schema` takes and nothing else; the words for what it does not take are its own.
 *
 * @param path dotted, as messages call the value; empty for the whole file
 */
export function checkShape(
  value: SourceValue,
  schema: JsonSchema,
  path: string,
  problems: Problems,
  hints: Hints = NO_HINTS,
): void {
  if (problems.isFlawed(value)) return;
  const branches = branchesOf(schema);
  if (branches.some(({ type }) => type === undefined)) return;
  if (value.kind === 'scalar' && branches.some((branch) => takesScalar(branch, value))) return;
  const maps = mapBranchesOf(schema);
  if (value.kind === 'map' && maps.length > 0) return checkMap(value, maps, path, problems, hints);
  const list = branches.find(({ type }) => type === 'array');
  if (value.kind === 'list' && list !== undefined) return checkList(value, list, path, problems, hints);
  const mistake = mismatch(value, schema, path);
  const known =
    mistake.rule === 'unknown-value' && value.kind === 'scalar' ? hints.unknownValue(path, value.text) : undefined;
  problems.blame(value, known === undefined ? mistake : { ...mistake, suggestion: known });
}

function checkList(value: SourceList, schema: JsonSchema, path: string, problems: Problems, hints: Hints): void {
  const { minItems = 0, maxItems = Infinity, items } = schema;
  if (value.items.length < minItems || value.items.length > maxItems) {
    const message = `${path} must be ${describe(schema)}, not a list of ${value.items.length}`;
    return problems.blame(value, {
      rule: 'out-of-range',
      message,
      suggestion: mendOfLength(value.items.length, schema),
    });
  }
  if (items === undefined) return;
  value.items.forEach((item, index) => checkShape(item, items, `${path}[${index}]`, problems, hints));
}

function checkMap(value: SourceMap, maps: MapSchema[], path: string, problems: Problems, hints: Hints): void {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const branch = chosenBranch(value, maps);
  const candidates = branch === undefined ? maps : [branch];
  const discriminator = discriminatorOf(maps);
  const keys = keysOf(candidates);
  const slips = new Set<string>();
  for (const [key, entry] of value.entries) {
    const schema = key === discriminator ? wordSchema(maps, key) : keySchema(candidates, key);
    if (schema !== undefined) {
      checkShape(entry.value, schema, at(key), problems, hints);
      continue;
    }
    const meant = closest(key.slice(0, LONGEST_COMPARED), keys);
    if (meant !== undefined) slips.add(meant);
    const choice =
      branch !== undefined && discriminator !== undefined ? propertyOf(branch, discriminator)?.const : undefined;
    problems.add({
      rule: 'unknown-key',
      message: `unknown key ${quote(key)}${path === '' ? '' : ` in ${path}`}${choice === undefined ? '' : ` (${discriminator} ${String(choice)})`}`,
      offset: entry.keyOffset,
      suggestion:
        hints.unknownKey(at(key)) ??
        (meant === undefined ? `known here: ${keys.join(', ')}` : `did you mean ${meant}?`),
    });
  }

  const required = branch?.required ?? (branch === undefined && discriminator !== undefined ? [discriminator] : []);
  for (const key of required) {
    // A misspelt key is one mistake, not two.
    if (value.entries.has(key) || slips.has(key)) continue;
    const schema = key === discriminator ? wordSchema(maps, key) : keySchema(candidates, key);
    problems.add({
      rule: 'missing-key',
      message: `${at(key)} is missing`,
      offset: value.owner,
      about: at(key),
      suggestion: `add ${key}: ${schema?.example ?? describe(schema ?? {})}`,
    });
  }
  if (branch === undefined && discriminator === undefined && slips.size === 0) {
    const given = keys.filter((key) => value.entries.has(key));
    const [message, suggestion] =
      given.length === 0
        ? [`${path} needs one of ${keys.join(', ')}`, `add ${keys.join(' or ')}`]
        : [`${path} gives ${given.join(' and ')}, which exclude each other`, `keep one of ${given.join(', ')}`];
    problems.add({ rule: 'one-of-several', message, offset: value.owner, about: path, suggestion });
  }
}

/** The one alternative that a map's keys decide for; undefined when they decide for none. */
function chosenBranch(value: SourceMap, maps: readonly MapSchema[]): MapSchema | undefined {
  if (maps.length === 1) return maps[0];
  const discriminator = discriminatorOf(maps);
  if (discriminator !== undefined) {
    const word = value.entries.get(discriminator)?.value;
    return maps.find((map) => word?.kind === 'scalar' && propertyOf(map, discriminator)?.const === word.value);
  }
  const known = keysOf(maps).filter((key) => value.entries.has(key));
  return known.length === 0 ? undefined : maps.find((map) => known.every((key) => propertyOf(map, key) !== undefined));
}

/** The words that tell the maps apart. */
function wordSchema(maps: readonly MapSchema[], discriminator: string): JsonSchema {
  return { type: 'string', enum: maps.flatMap((map) => propertyOf(map, discriminator)?.const ?? []) };
}

/** What a key of any of the maps takes; undefined when none has it. */
function keySchema(maps: readonly MapSchema[], key: string): JsonSchema | undefined {
  const schemas = maps.flatMap((map) => propertyOf(map, key) ?? []);
  return schemas.length > 1 ? { anyOf: schemas } : schemas[0];
}

/**
 * What the first pass has left of a value: plain JSON without flawed values and unknown keys, defaults filled in. A missing or
 * flawed value without a default is left out, so every part of the result may be undefined.
 */
export function soundPart(value: SourceValue | undefined, schema: JsonSchema, problems: Problems): Json | undefined {
  if (value === undefined) return schema.default === undefined ? undefined : filled(schema, problems);
  if (problems.isFlawed(value)) return undefined;
  const maps = mapBranchesOf(schema);
  if (value.kind === 'scalar' || (value.kind === 'map' && maps.length === 0)) return toJson(value);
  if (value.kind === 'list') {
    const items = branchesOf(schema).find(({ type }) => type === 'array')?.items ?? {};
    return value.items.map((item) => soundPart(item, items, problems)).filter((item) => item !== undefined);
  }
  const branch = chosenBranch(value, maps);
  const candidates = branch === undefined ? maps : [branch];
  const part = new Map<string, Json>();
  for (const key of new Set([...keysOf(candidates), ...value.entries.keys()])) {
    const keyed = keySchema(candidates, key);
    const sound = keyed === undefined ? undefined : soundPart(value.entries.get(key)?.value, keyed, problems);
    if (sound !== undefined) part.set(key, sound);
  }
  return Object.fromEntries(part);
}

/** A default, with the defaults inside it. */
function filled(schema: JsonSchema, problems: Problems): Json {
  const given = schema.default ?? null;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const empty: SourceMap = { kind: 'map', entries: new Map(), offset: 0, owner: 0 };
  return { ...(soundPart(empty, schema, problems) as { [key: string]: Json }), ...given };
}
