import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../../coordinator/store/sqlite-store.js';
import { resultDigest, type DigestTrial } from '../../../proto/digest.js';
import { DIVERGING, TWO_ROUNDS, writeLayout2Store } from '../../support/layout-2.js';
import { newSearch, TINY_MACHINE } from '../../support/search-fixtures.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vernier-migrations-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a store of version 1 is taken over: its searches are of the first numerics version', () => {
  const file = join(folder, 'store.db');
  const search = newSearch('aaa');
  const former = SqliteStore.open(file);
  former.createSearch(search, 1);
  former.close();
  const database = new Database(file);
  database.exec(`
    ALTER TABLE searches DROP COLUMN numerics_version;
    ALTER TABLE searches DROP COLUMN file_name;
    ALTER TABLE searches DROP COLUMN file_sha256;
    ALTER TABLE searches DROP COLUMN machine;
    ALTER TABLE attempts DROP COLUMN machine;
    DROP TABLE machines;
    PRAGMA user_version = 1`);
  database.close();

  const store = SqliteStore.open(file);
  const identities = search.datasets.map(({ sha256 }) => sha256);
  expect(store.search('aaa')?.numericsVersion).toBe('1');
  expect(store.findSearch(search.specSha256, identities, '1')).toBe('aaa');
  expect(store.findSearch(search.specSha256, identities, '2')).toBeUndefined();
  store.close();
});

describe('a store of version 2', () => {
  it('is taken over whole: what was recorded stays to the last bit, what was not is empty', () => {
    const file = join(folder, 'store.db');
    writeLayout2Store(file);
    const store = SqliteStore.open(file);
    const record = store.search(TWO_ROUNDS, true)!;
    const trials = record.rounds.flatMap((round) => round.trials);
    expect(trials.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(record).toMatchObject({ fileName: '', fileSha256: '', machine: undefined, numericsVersion: '1' });
    expect(trials.flatMap(({ attempts }) => attempts)).toHaveLength(12);
    for (const { attempts } of trials) expect(attempts[0]).toMatchObject({ kernel: 'native', machine: undefined });
    expect(resultDigest(trials as DigestTrial[], record.numericsVersion)).toBe(record.resultDigest);
    expect(record.resultDigest).toBe('850e6e2ac54845687603de7e099963f72bf177d7f3e24b8b3473fb0542f4af3c');
    store.close();
  });

  it('takes new searches beside the old ones, and is opened again', () => {
    const file = join(folder, 'store.db');
    writeLayout2Store(file);
    const store = SqliteStore.open(file);
    store.createSearch(newSearch('aaa'), 1);
    store.close();
    const again = SqliteStore.open(file);
    expect(again.summaries(5).searches.map(({ id }) => id)).toEqual(['aaa', TWO_ROUNDS, DIVERGING]);
    expect(again.search('aaa')).toMatchObject({ fileName: 'tiny.yaml', machine: TINY_MACHINE });
    again.close();
  });
});

it('a machine is stored once, however many attempts and searches name it', () => {
  const file = join(folder, 'store.db');
  const store = SqliteStore.open(file);
  for (const id of ['aaa', 'bbb']) store.createSearch(newSearch(id), 1);
  store.createSearch({ ...newSearch('ccc'), machine: { ...TINY_MACHINE, node: '22.0.0' } }, 1);
  store.close();
  const database = new Database(file);
  expect(database.prepare('SELECT count(*) FROM machines').pluck().get()).toBe(2);
  database.close();
});

it('what another program has made unreadable is told as damage', () => {
  const file = join(folder, 'store.db');
  const former = SqliteStore.open(file);
  former.createSearch(newSearch('aaa'), 1);
  former.close();
  const database = new Database(file);
  database.exec(`UPDATE searches SET datasets_json = 'z' || substr(datasets_json, 2)`);
  database.close();
  const store = SqliteStore.open(file);
  expect(() => store.search('aaa')).toThrowError(
    expect.objectContaining({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('the store holds the data sets'),
    }),
  );
  store.close();
});
