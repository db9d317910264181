import type BetterSqlite3 from 'better-sqlite3';
import { openDatabase } from '../../proto/sqlite.js';
import { storeVersion, upgrade } from './migrations.js';
import type { AttemptEnd, NewSearch, SearchRecord, SearchSummary, StoreWrite } from './records.js';
import { namingStore } from './sqlite-errors.js';
import { searchOf, summaryOf, summaryRow, summaryRows } from './sqlite-reads.js';
import { dataKey, SqliteWriter } from './sqlite-writes.js';
import type { Store, SummaryPage } from './store.js';

/** How long another program's lock on the file is waited for; it stops everything meanwhile. */
const BUSY_TIMEOUT_MS = 2_000;
/** What a write-ahead log that has been written back is cut to; it grows with the largest commit. */
const WAL_BYTES = 16 * 1024 * 1024;

/** A Store in one SQLite file, or in memory. The file must be this process's own: see lock.ts. */
export class SqliteStore implements Store {
  readonly id: string;
  private readonly writer: SqliteWriter;

  private constructor(
    private readonly database: BetterSqlite3.Database,
    private readonly file: string,
  ) {
    this.id = database.prepare<[], string>('SELECT id FROM store').pluck().get() ?? '';
    this.writer = new SqliteWriter(database);
  }

  /**
   * Opens a store, making it where there is none.
   *
   * @param file its path, or ':memory:'
   * @throws VernierError STORE_NEWER, STORE_CORRUPT, STORE_UNWRITABLE, STORE_FULL, STORE_LOCKED
   */
  static open(file: string): SqliteStore {
    return namingStore(file, () => {
      const database = openDatabase(file, { timeout: BUSY_TIMEOUT_MS });
      try {
        const version = storeVersion(database, file);
        database.pragma('journal_mode = WAL');
        // A commit is on the disk when it returns: what was acknowledged survives a power cut.
        database.pragma('synchronous = FULL');
        database.pragma('foreign_keys = ON');
        database.pragma(`journal_size_limit = ${WAL_BYTES}`);
        upgrade(database, version);
        return new SqliteStore(database, file);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  createSearch(search: NewSearch, nowMs: number): void {
    this.inTransaction(() => this.writer.createSearch(search, nowMs));
  }

  commit(writes: readonly StoreWrite[], nowMs: number): void {
    if (writes.length === 0) return;
    this.inTransaction(() => {
      for (const write of writes) this.writer.write(write, nowMs);
    });
  }

  findSearch(specSha256: string, datasets: readonly string[], numericsVersion: string): string | undefined {
    return this.value(
      `SELECT id FROM searches WHERE spec_sha256 = ? AND data_sha256 = ? AND numerics_version = ?
         ORDER BY state = 'cancelled', sequence DESC LIMIT 1`,
      specSha256,
      dataKey(datasets),
      numericsVersion,
    ) as string | undefined;
  }

  idsByPrefix(prefix: string, limit: number): string[] {
    if (this.value('SELECT 1 FROM searches WHERE id = ?', prefix) !== undefined) return [prefix];
    // Not LIKE or GLOB: the prefix may hold anything.
    return this.values(
      'SELECT id FROM searches WHERE substr(id, 1, length(?)) = ? ORDER BY sequence DESC LIMIT ?',
      prefix,
      prefix,
      limit,
    ) as string[];
  }

  summary(id: string): SearchSummary | undefined {
    return this.read(() => {
      const row = summaryRow(this.database, id);
      return row && summaryOf(row);
    });
  }

  summaries(limit: number, after?: number): SummaryPage {
    return this.read(() => {
      const rows = summaryRows(this.database, limit + 1, after ?? Number.MAX_SAFE_INTEGER);
      const page = rows.slice(0, limit);
      return { searches: page.map(summaryOf), next: rows.length > limit ? page.at(-1)?.sequence : undefined };
    });
  }

  search(id: string, epochs = false): SearchRecord | undefined {
    return this.read(() => searchOf(this.database, id, epochs));
  }

  runningSearches(): string[] {
    return this.values(`SELECT id FROM searches WHERE state = 'running' ORDER BY sequence`) as string[];
  }

  attemptEnd(token: string): AttemptEnd | 'running' | undefined {
    const end = this.value(`SELECT coalesce(end, 'running') FROM attempts WHERE token = ?`, token);
    return end as AttemptEnd | 'running' | undefined;
  }

  referencedBlobs(): Set<string> {
    return new Set(this.values(`SELECT DISTINCT weights_blob FROM trials WHERE weights_blob <> ''`) as string[]);
  }

  isReferenced(blob: string): boolean {
    return this.value(`SELECT 1 FROM trials WHERE weights_blob = ? AND weights_blob <> '' LIMIT 1`, blob) !== undefined;
  }

  close(): void {
    this.database.close();
  }

  private value(sql: string, ...values: (string | number)[]): unknown {
    return this.values(sql, ...values)[0];
  }

  /** The first column of every row. */
  private values(sql: string, ...values: (string | number)[]): unknown[] {
    return this.read(() =>
      this.database
        .prepare<(string | number)[]>(sql)
        .pluck()
        .all(...values),
    );
  }

  /** What takes several statements still sees one state: this process alone writes, and nothing comes in between. */
  private read<T>(use: () => T): T {
    return namingStore(this.file, use);
  }

  private inTransaction(use: () => void): void {
    // Immediate: a lock that another program holds is met at the beginning, where nothing is half done.
    namingStore(this.file, () => this.database.transaction(use).immediate());
  }
}
