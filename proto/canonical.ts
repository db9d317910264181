import { createHash } from 'node:crypto';

/** JSON values; numbers are finite IEEE-754 doubles. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Canonical JSON: object keys sorted by UTF-16 code units, no white space, numbers in ECMAScript's shortest form
 * (which reads back to the same double; -0 is written as 0).
 *
 * @throws TypeError on NaN or an infinity, which JSON cannot hold.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON holds finite numbers only, not ${value}`);
    return JSON.stringify(value);
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${members.join(',')}}`;
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The 16 lower-case hexadecimal digits of a double's IEEE-754 bits, big-endian; every NaN as 7ff8000000000000. */
export function doubleBits(value: number): string {
  if (Number.isNaN(value)) return '7ff8000000000000';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
