import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { VernierError } from './errors.js';

/** better-sqlite3's release 13 is built for Node-API, comes ready-built, and needs this Node.js. */
const NODE_OF_RELEASE_13 = 22;

let loaded: typeof BetterSqlite3 | undefined;

/**
 * Opens a SQLite database by the release of better-sqlite3 that this Node.js can run: 12 aborts Node.js 24.19 and later when a
 * statement is collected, 13 cannot be loaded by Node.js 20. Both are optional dependencies, since a machine needs only one.
 * It is loaded with the first database, so that commands which need none run without it.
 *
 * @throws VernierError SQLITE_UNAVAILABLE, or what SQLite says of the file
 */
export function openDatabase(file: string, options?: BetterSqlite3.Options): BetterSqlite3.Database {
  loaded ??= load();
  return new loaded(file, options);
}

function load(): typeof BetterSqlite3 {
  const require = createRequire(import.meta.url);
  const node = Number(process.versions.node.split('.')[0]);
  try {
    const release = (
      node >= NODE_OF_RELEASE_13 ? require('better-sqlite3-13') : require('better-sqlite3')
    ) as typeof BetterSqlite3;
    // Its compiled part comes with the first database only; this one cannot fail for the file's sake.
    new release(':memory:').close();
    return release;
  } catch (cause) {
    const [problem = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new VernierError('SQLITE_UNAVAILABLE', `SQLite cannot be loaded: ${problem}`, {
      mend: 'run npm ci with this Node.js; Node.js 20 may need python3, make and a C++ compiler for it',
      cause,
    });
  }
}
