import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SqliteStore } from '../../../coordinator/store/sqlite-store.js';
import { newSearch } from '../../support/search-fixtures.js';

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
  database.exec('ALTER TABLE searches DROP COLUMN numerics_version; PRAGMA user_version = 1');
  database.close();

  const store = SqliteStore.open(file);
  const identities = search.datasets.map(({ sha256 }) => sha256);
  expect(store.search('aaa')?.numericsVersion).toBe('1');
  expect(store.findSearch(search.specSha256, identities, '1')).toBe('aaa');
  expect(store.findSearch(search.specSha256, identities, '2')).toBeUndefined();
  store.close();
});
