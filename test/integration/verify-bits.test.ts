import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson, doubleBits, type Json } from '../../proto/canonical.js';
import type { TrialPool } from '../../worker/pool/trial-pool.js';
import { DIVERGING, TWO_ROUNDS, writeLayout2Store } from '../support/layout-2.js';
import { openPool, WASM } from '../support/pool-worker.js';
import { retrainer, verify } from '../support/verifying.js';

/*
 * Any bit of anything that a store keeps of a search's results, and of what they follow from: turned, it is found. The store is one
 * of an older layout, which is verified like those of today.
 */

/** Bits to turn; VERNIER_TEST_BITS asks for more. */
const RUNS = Number(process.env['VERNIER_TEST_BITS'] ?? 120);

/** Columns that results are, or follow from; of old searches, which do not have them, the file's name and sum are left out. */
const COLUMNS: Record<string, readonly string[]> = {
  searches: [
    'name',
    'seed',
    'spec_sha256',
    'spec_yaml',
    'spec_json',
    'datasets_json',
    'state',
    'result_digest',
    'trials_total',
    'trials_done',
    'numerics_version',
  ],
  rounds: ['round', 'name', 'method', 'interval_json', 'closed'],
  trials: [
    'number',
    'round',
    'parameters_json',
    'seed',
    'config_json',
    'configuration',
    'carried_from',
    'state',
    'metrics_json',
    'weights_sha256',
  ],
  epochs: ['trial', 'epochs_json'],
};

interface Cell {
  table: string;
  column: string;
  row: number;
}

let folder: string;
let store: string;
let pool: TrialPool;
let train: ReturnType<typeof retrainer>;
let cells: Cell[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vernier-bits-'));
  store = join(folder, 'store.db');
  writeLayout2Store(store);
  pool = await openPool(WASM, 2);
  train = retrainer(pool);
  for (const id of [TWO_ROUNDS, DIVERGING]) {
    const { json, error } = await verify([id, '--store', store, '--all'], train);
    expect(error).toBeUndefined();
    expect(json?.verified).toBe(true);
  }
  const database = new Database(store);
  cells = Object.entries(COLUMNS).flatMap(([table, columns]) => {
    const rows = database
      .prepare(`SELECT count(*) FROM ${table} WHERE ${ofSearch(table)}`)
      .pluck()
      .get() as number;
    return columns.flatMap((column) => Array.from({ length: rows }, (_, row) => ({ table, column, row })));
  });
  database.close();
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function ofSearch(table: string): string {
  return table === 'searches'
    ? `id = '${TWO_ROUNDS}'`
    : `search = (SELECT sequence FROM searches WHERE id = '${TWO_ROUNDS}')`;
}

/** Turns a bit of a cell; what was there and what is there now. */
function turn(file: string, { table, column, row }: Cell, where: number): [string | number, string | number] {
  const database = new Database(file);
  database.pragma('foreign_keys = OFF');
  try {
    const order =
      table === 'searches' ? 'sequence' : table === 'rounds' ? 'round' : table === 'trials' ? 'number' : 'trial';
    const [key, before] = database
      .prepare(`SELECT ${order}, ${column} FROM ${table} WHERE ${ofSearch(table)} ORDER BY ${order} LIMIT 1 OFFSET ?`)
      .raw()
      .get(row) as [number, string | number];
    const after = typeof before === 'number' ? turnedInteger(before, where) : turnedText(before, where);
    database
      .prepare(`UPDATE ${table} SET ${column} = ? WHERE ${ofSearch(table)} AND ${order} = ?`)
      .run(typeof after === 'number' ? BigInt(after) : after, key);
    return [before, after];
  } finally {
    database.close();
  }
}

/** Seeds and counts have 53 bits at most. */
function turnedInteger(value: number, where: number): number {
  return Number(BigInt(value) ^ (1n << BigInt(where % 53)));
}

/** Of one of its ASCII characters; the highest bit would make it none of any text. */
function turnedText(text: string, where: number): string {
  const place = Math.floor(where / 7) % text.length;
  const turned = String.fromCharCode(text.charCodeAt(place) ^ (1 << (where % 7)));
  return text.slice(0, place) + turned + text.slice(place + 1);
}

/** Whether the two texts stand for the same: 1e-7 and 1E-7 do, and digits beyond a double's. */
function sameMeaning(a: string | number, b: string | number): boolean {
  if (typeof a === 'number' || typeof b === 'number') return false;
  try {
    return canonicalJson(bits(JSON.parse(a) as Json)) === canonicalJson(bits(JSON.parse(b) as Json));
  } catch {
    return false;
  }
}

function bits(value: Json): Json {
  if (typeof value === 'number') return doubleBits(value);
  if (Array.isArray(value)) return value.map(bits);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, bits(each)]));
}

it(`finds any turned bit (${RUNS} of them)`, async () => {
  let found = 0;
  let harmless = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(1_000_000), async (which, where) => {
      const file = join(folder, 'turned.db');
      copyFileSync(store, file);
      const cell = cells[which % cells.length]!;
      let values: [string | number, string | number];
      try {
        values = turn(file, cell, where);
      } catch {
        return; // two rows of one key: SQLite refuses it
      }
      // A file that stands for the same search, in another comment or other spaces: old searches have no sum of it.
      const [before, after] = values;
      if (sameMeaning(before, after)) {
        harmless++;
        return;
      }
      const { error } = await verify([TWO_ROUNDS, '--store', file, '--all'], train);
      if (error === undefined && cell.column === 'spec_yaml') {
        harmless++;
        return;
      }
      found++;
      if (error === undefined) throw new Error(`not found: ${JSON.stringify({ ...cell, before, after })}`);
      if (error.code === 'INTERNAL') throw new Error(`${error.message}: ${JSON.stringify({ ...cell, before, after })}`);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(found).toBeGreaterThan(RUNS / 2);
  if (process.env['VERNIER_TEST_BITS'] !== undefined) console.log({ found, harmless });
}, 3_600_000);
