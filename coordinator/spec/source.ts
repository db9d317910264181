import type { Json } from '../../proto/canonical.js';
import type { ParameterValue } from '../../proto/domain.js';

/*
 * The file as a tree that remembers where each value stands, so that a mistake found late, in settings merged from several
 * places, is still told at the line that wrote it. Offsets count UTF-16 units from 0.
 */

export interface SourceScalar {
  kind: 'scalar';
  value: ParameterValue;
  /** As written, without quotes: tells 0 from 0.0. */
  text: string;
  quoted: boolean;
  offset: number;
  /** Of a parameter's values: where its name stands. */
  parameterAt?: number;
  /** Of a value that is not written but can be drawn. */
  drawn?: { note: string; mend?: string };
}

export interface SourceList {
  kind: 'list';
  items: SourceValue[];
  offset: number;
}

export interface SourceEntry {
  keyOffset: number;
  value: SourceValue;
}

export interface SourceMap {
  kind: 'map';
  entries: Map<string, SourceEntry>;
  offset: number;
  /** Where to say that something is missing in the map: the key that holds it, where there is one. */
  owner: number;
}

export type SourceValue = SourceScalar | SourceList | SourceMap;

/** The value at a path of keys, if every step of it is there. */
export function valueAt(value: SourceValue | undefined, path: readonly string[]): SourceValue | undefined {
  let at = value;
  for (const key of path) {
    if (at?.kind !== 'map') return undefined;
    at = at.entries.get(key)?.value;
  }
  return at;
}

/** The list or map as plain JSON. */
export function toJson(value: SourceValue): Json {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(toJson);
  return Object.fromEntries([...value.entries].map(([key, entry]) => [key, toJson(entry.value)]));
}

/** Longer values are cut in messages. */
const SHOWN_CHARACTERS = 40;

/** A value as messages show it. */
export function show(value: SourceValue): string {
  if (value.kind !== 'scalar') return value.kind === 'map' ? 'a map' : 'a list';
  if (value.value === null && !value.quoted) return value.text === '' ? 'nothing' : value.text;
  if (typeof value.value === 'string') return quote(value.value);
  return value.text === '' ? String(value.value) : shorten(value.text);
}

/** The number at a path; undefined when there is none. */
export function numberAt(value: SourceValue | undefined, ...path: string[]): number | undefined {
  const found = valueAt(value, path);
  return found?.kind === 'scalar' && typeof found.value === 'number' ? found.value : undefined;
}

/** The text at a path; undefined when there is none. */
export function textAt(value: SourceValue | undefined, ...path: string[]): string | undefined {
  const found = valueAt(value, path);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}

/** Text in quotes, on one line, control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 3)}...`;
}
