import type Database from 'better-sqlite3';
import { VernierError } from '../../proto/errors.js';

/** Stands in the file's header (PRAGMA application_id): "Vern". */
const APPLICATION_ID = 0x56_65_72_6e;

/**
 * Step i leads from version i to i + 1 (PRAGMA user_version). A step that has shipped is never edited: stores in the world
 * have gone through it.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE store (id TEXT NOT NULL) STRICT;
  INSERT INTO store VALUES (lower(hex(randomblob(8))));

  CREATE TABLE searches (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- order of submission
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    seed INTEGER NOT NULL,
    spec_sha256 TEXT NOT NULL,
    data_sha256 TEXT NOT NULL, -- identities of its data sets, sorted, between commas
    spec_yaml TEXT NOT NULL,
    spec_json TEXT NOT NULL,
    datasets_json TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'running',
    message TEXT NOT NULL DEFAULT '',
    result_digest TEXT NOT NULL DEFAULT '',
    trials_total INTEGER NOT NULL,
    trials_done INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER
  ) STRICT;
  CREATE INDEX searches_by_spec ON searches (spec_sha256, data_sha256);
  CREATE INDEX searches_running ON searches (sequence) WHERE state = 'running';

  CREATE TABLE rounds (
    search INTEGER NOT NULL REFERENCES searches,
    round INTEGER NOT NULL, -- from 0
    name TEXT NOT NULL,
    method TEXT NOT NULL,
    interval_json TEXT NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (search, round)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE trials (
    search INTEGER NOT NULL,
    number INTEGER NOT NULL, -- from 1 within the search
    round INTEGER NOT NULL,
    parameters_json TEXT NOT NULL,
    seed INTEGER NOT NULL,
    config_json TEXT NOT NULL,
    configuration INTEGER NOT NULL,
    carried_from INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', -- leased is an attempt that has not ended
    metrics_json TEXT NOT NULL DEFAULT '{}',
    weights_sha256 TEXT NOT NULL DEFAULT '',
    weights_blob TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (search, number),
    FOREIGN KEY (search, round) REFERENCES rounds
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trials_by_blob ON trials (weights_blob) WHERE weights_blob <> '';

  -- Apart from the trials, which are read far more often.
  CREATE TABLE epochs (
    search INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    epochs_json TEXT NOT NULL,
    PRIMARY KEY (search, trial),
    FOREIGN KEY (search, trial) REFERENCES trials
  ) STRICT;

  CREATE TABLE attempts (
    search INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    number INTEGER NOT NULL, -- from 1 within the trial
    token TEXT NOT NULL UNIQUE,
    worker TEXT NOT NULL,
    kernel TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    end TEXT, -- NULL while the lease lives
    message TEXT NOT NULL DEFAULT '',
    alone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (search, trial, number),
    FOREIGN KEY (search, trial) REFERENCES trials
  ) STRICT;
  CREATE UNIQUE INDEX one_lease_a_trial ON attempts (search, trial) WHERE end IS NULL;
  `,
  // Until here there was one numerics version.
  `ALTER TABLE searches ADD COLUMN numerics_version TEXT NOT NULL DEFAULT '1';`,
  // Provenance; of what was there before it is not known.
  `
  CREATE TABLE machines (machine INTEGER PRIMARY KEY, machine_json TEXT NOT NULL UNIQUE) STRICT;
  ALTER TABLE searches ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE searches ADD COLUMN file_sha256 TEXT NOT NULL DEFAULT '';
  ALTER TABLE searches ADD COLUMN machine INTEGER REFERENCES machines; -- the coordinator's that took it
  ALTER TABLE attempts ADD COLUMN machine INTEGER REFERENCES machines;
  `,
];

/** The version this program writes. */
const STORE_VERSION = STEPS.length;

/**
 * Looks at a database, changing nothing.
 *
 * @param file what messages call it
 * @returns its version, 0 when it is empty
 * @throws VernierError STORE_NEWER, or STORE_CORRUPT for damage and for another application's database
 */
export function storeVersion(database: Database.Database, file: string): number {
  const application = database.pragma('application_id', { simple: true }) as number;
  if (application !== APPLICATION_ID) {
    refuseForeign(database, file, application);
    return 0;
  }
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > STORE_VERSION) {
    throw new VernierError('STORE_NEWER', `store ${file}: version ${version}, this program knows ${STORE_VERSION}`, {
      mend: 'use the newer vernier that wrote it, or name another file by --store FILE',
    });
  }
  const [check] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (check?.quick_check !== 'ok') {
    const finding = check?.quick_check.replaceAll(/\s+/g, ' ');
    throw new VernierError('STORE_CORRUPT', `store ${file}: the file is damaged (${finding})`, {
      mend: 'put a copy from a backup in its place, or name another file by --store FILE',
    });
  }
  return version;
}

/** Throws unless the database is empty. */
function refuseForeign(database: Database.Database, file: string, application: number): void {
  const tables = database.prepare<[], string>('SELECT name FROM sqlite_master LIMIT 3').pluck().all();
  if (tables.length === 0 && application === 0) return;
  const holds = tables.length === 0 ? `application id ${application}` : `it holds ${tables.join(', ')}`;
  throw new VernierError('STORE_CORRUPT', `store ${file}: it is another application's database (${holds})`, {
    mend: 'name another file by --store FILE; this one was left as it is',
  });
}

/** Brings a store of an older version, 0 for an empty database, up to date. */
export function upgrade(database: Database.Database, version: number): void {
  if (version === STORE_VERSION) return;
  database.transaction(() => {
    for (const step of STEPS.slice(version)) database.exec(step);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${STORE_VERSION}`);
  })();
}
