import type { Json } from '../../../proto/canonical.js';
import { isSame } from './trial.js';

/** Something that is recorded of a search and does not follow from the rest of its record. */
export interface RecordFinding {
  /** Where: `specification, rounds.0.trials`, `trial 7, parameter lambda`, `result digest`. */
  what: string;
  /** Undefined where there is nothing. */
  recorded: Json | undefined;
  /** What follows from the rest. */
  expected: Json | undefined;
}

export interface JsonDifference {
  /** Dotted keys: `rounds.0.trials`. */
  path: string;
  /** Undefined where there is nothing. */
  a: Json | undefined;
  b: Json | undefined;
}

/** The first place, keys in the order of their code units, at which two values differ in a bit. */
export function firstDifference(a: Json | undefined, b: Json | undefined, path = ''): JsonDifference | undefined {
  if (isHolder(a) && isHolder(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byPlace)) {
      const found = firstDifference(member(a, key), member(b, key), path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return isSame(a, b) ? undefined : { path, a, b };
}

type Holder = Json[] | { [key: string]: Json };

function isHolder(value: Json | undefined): value is Holder {
  return typeof value === 'object' && value !== null;
}

function member(holder: Holder, key: string): Json | undefined {
  return Object.hasOwn(holder, key) ? (holder as { [key: string]: Json })[key] : undefined;
}

/** A list's places by number, all else by code units. */
function byPlace(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isInteger(x) && Number.isInteger(y)) return x - y;
  return a < b ? -1 : Number(a > b);
}
