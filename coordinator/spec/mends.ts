import { branchesOf, mapBranchesOf, type JsonSchema } from './json-schema.js';
import { show, type SourceValue } from './source.js';

/** What to write instead of a value that `schema` does not take, as far as the schema tells; undefined where it does not. */
export function mendByShape(value: SourceValue, schema: JsonSchema): string | undefined {
  const branches = branchesOf(schema);
  const number = branches.find(({ type }) => type === 'integer' || type === 'number');
  if (value.kind === 'scalar' && typeof value.value === 'number' && number !== undefined) {
    return nearestNumber(value.value, number);
  }
  if (isEmpty(value)) {
    return `write a value${example(schema)}${schema.default === undefined ? '' : ', or leave the key out'}`;
  }
  const words = branches.flatMap((branch) => branch.enum ?? []);
  if (words.length > 0) return `write one of these words${example({ default: words[0] ?? null, ...schema })}`;
  if (number !== undefined) return `write a number${example(schema)}`;
  const key = onlyKey(schema);
  if (key !== undefined && value.kind === 'scalar') return `write {${key}: ${show(value)}}`;
  const first = branches[0]?.type;
  if (first === 'object') return 'write a map of keys and values';
  return value.kind === 'scalar' ? eg(schema) : `write one value${example(schema)}`;
}

/** A list that is too short or too long. */
export function mendOfLength(length: number, { minItems = 1, maxItems = Infinity }: JsonSchema): string {
  if (length > maxItems) return `keep at most ${maxItems}`;
  return `list at least ${minItems === 1 ? 'one' : minItems}`;
}

function nearestNumber(value: number, schema: JsonSchema): string | undefined {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && value < minimum) return `write ${minimum} or more`;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return `write more than ${exclusiveMinimum}`;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return `write less than ${exclusiveMaximum}`;
  if (maximum !== undefined && value > maximum) return `write ${maximum} or less`;
  if (type !== 'integer' || Number.isInteger(value)) return undefined;
  const [below, above] = [Math.floor(value), Math.ceil(value)];
  return below < (minimum ?? -Infinity) ? `write ${above}` : `write ${below} or ${above}`;
}

/** `, e.g. 50`: the default, where that is one value. */
function example(schema: JsonSchema): string {
  const shown = eg(schema);
  return shown === undefined ? '' : `, ${shown}`;
}

function eg({ example: given, default: standard }: JsonSchema): string | undefined {
  if (given !== undefined) return `e.g. ${given}`;
  return standard === undefined || standard === null || typeof standard === 'object' ? undefined : `e.g. ${standard}`;
}

function isEmpty(value: SourceValue): boolean {
  return value.kind === 'scalar' && value.value === null;
}

/** Of a map that has one key only, e.g. `{best: 3}`. */
function onlyKey(schema: JsonSchema): string | undefined {
  const [map, ...others] = mapBranchesOf(schema);
  const keys = Object.keys(map?.properties ?? {});
  return others.length === 0 && keys.length === 1 ? keys[0] : undefined;
}
