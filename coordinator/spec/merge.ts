import { discriminatorOf, keysOf, mapBranchesOf, propertyOf, type JsonSchema, type MapSchema } from './json-schema.js';
import { valueAt, type SourceMap, type SourceScalar, type SourceValue } from './source.js';

/**
 * A round's settings over the search's: maps are merged key by key, lists and single values replace.
 *
 * Settings that exclude each other never meet by merging, the round's stay: of maps told apart by a word (`learning_rate` by
 * `schedule`) another word replaces the whole map; of maps told apart by their keys (`step_size`: `steps` or `epochs`) the other
 * key does; and of `exclusive` keys at the top (`cycles` or `epochs`) the one that the round gives.
 */
export function mergeTrial(
  base: SourceMap,
  over: SourceMap,
  schema: JsonSchema,
  exclusive: readonly (readonly string[])[],
): SourceMap {
  const merged = mergeMaps(base, over, mapBranchesOf(schema));
  for (const keys of exclusive) {
    if (!keys.some((key) => over.entries.has(key))) continue;
    for (const key of keys) if (!over.entries.has(key)) merged.entries.delete(key);
  }
  return merged;
}

function mergeMaps(base: SourceMap, over: SourceMap, maps: readonly MapSchema[]): SourceMap {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = base.entries.get(key)?.value;
    const inner = maps.flatMap((map) => mapBranchesOf(propertyOf(map, key) ?? {}));
    const { value, keyOffset } = entry;
    const merged =
      below?.kind === 'map' && value.kind === 'map' && !excludes(below, value, inner)
        ? mergeMaps(below, value, inner)
        : value;
    entries.set(key, { keyOffset, value: merged });
  }
  return { ...base, entries };
}

/** Whether the two maps choose different alternatives. */
function excludes(base: SourceMap, over: SourceMap, maps: readonly MapSchema[]): boolean {
  const discriminator = discriminatorOf(maps);
  if (discriminator !== undefined) {
    const chosen = scalarOf(over, discriminator);
    return chosen !== undefined && chosen !== scalarOf(base, discriminator);
  }
  if (maps.length < 2) return false;
  const keys = keysOf(maps);
  const given = [base, over].map(({ entries }) => keys.filter((key) => entries.has(key)));
  // Both at once fit no alternative, each alone does.
  return !fits(given.flat(), maps) && given.every((some) => fits(some, maps));
}

function fits(keys: readonly string[], maps: readonly MapSchema[]): boolean {
  return maps.some((map) => keys.every((key) => propertyOf(map, key) !== undefined));
}

function scalarOf(map: SourceMap, key: string): SourceScalar['value'] | undefined {
  const value = valueAt(map, [key]);
  return value?.kind === 'scalar' ? value.value : undefined;
}

/**
 * Settings with parameters put in by their dotted paths, exactly as coordinator/search/bind.ts puts values into a trial: what lies on
 * the way and is neither a map nor a list is replaced by a map.
 */
export function bindSource(trial: SourceMap, parameters: ReadonlyMap<string, SourceScalar>): SourceMap {
  let bound = trial;
  for (const [path, value] of parameters) bound = setIn(bound, path.split('.'), value);
  return bound;
}

function setIn(map: SourceMap, [key = '', ...rest]: readonly string[], value: SourceScalar): SourceMap {
  const inner = map.entries.get(key);
  const set = rest.length === 0 ? value : setInside(inner?.value, rest, value);
  return {
    ...map,
    entries: new Map(map.entries).set(key, { keyOffset: inner?.keyOffset ?? parameterAt(value), value: set }),
  };
}

function setInside(inner: SourceValue | undefined, path: readonly string[], value: SourceScalar): SourceValue {
  if (inner?.kind === 'list') {
    const [key = '', ...rest] = path;
    const index = Number(key);
    if (/^\d+$/.test(key) && index < inner.items.length) {
      const item = rest.length === 0 ? value : setInside(inner.items[index], rest, value);
      return { ...inner, items: inner.items.with(index, item) };
    }
  }
  const offset = parameterAt(value);
  return setIn(inner?.kind === 'map' ? inner : { kind: 'map', entries: new Map(), offset, owner: offset }, path, value);
}

function parameterAt(value: SourceScalar): number {
  return value.parameterAt ?? value.offset;
}
