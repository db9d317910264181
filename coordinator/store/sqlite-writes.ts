import type Database from 'better-sqlite3';
import { canonicalJson, sha256Hex, type Json } from '../../proto/canonical.js';
import { resultDigest, type DigestTrial } from '../../proto/digest.js';
import type { EndedTrialState } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import type { Machine } from '../../proto/machine.js';
import { epochsToJson, metricsToJson } from './exact-json.js';
import type { NewSearch, StoreWrite } from './records.js';
import { trialsOf } from './sqlite-reads.js';

type Write<K extends StoreWrite['kind']> = Extract<StoreWrite, { kind: K }>;
type Values = (string | number | null)[];

/** Carries out writes within a transaction of its caller's. Statements are prepared once. */
export class SqliteWriter {
  private readonly prepared = new Map<string, Database.Statement<Values>>();

  constructor(private readonly database: Database.Database) {}

  createSearch(search: NewSearch, nowMs: number): void {
    const { id, spec, specSha256, specYaml, fileName, machine, datasets, numericsVersion, trialsTotal } = search;
    this.run(
      `INSERT INTO searches (id, name, seed, spec_sha256, data_sha256, spec_yaml, spec_json, datasets_json,
         numerics_version, trials_total, created_ms, file_name, file_sha256, machine)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        spec.name,
        spec.seed,
        specSha256,
        dataKey(datasets.map(({ sha256 }) => sha256)),
        specYaml,
        canonicalJson(spec as unknown as Json),
        JSON.stringify(datasets),
        numericsVersion,
        trialsTotal,
        Math.floor(nowMs),
        fileName,
        sha256Hex(specYaml),
        this.machine(machine),
      ],
    );
  }

  write(write: StoreWrite, nowMs: number): void {
    switch (write.kind) {
      case 'open-round':
        return this.openRound(write);
      case 'close-round':
        return this.changeOne(
          'UPDATE rounds SET closed = 1 WHERE search = ? AND round = ? AND closed = 0',
          [this.key(write.search), write.index],
          `round ${write.index} of ${write.search} is not open`,
        );
      case 'start-attempt':
        return this.startAttempt(write, nowMs);
      case 'end-attempt':
        return this.changeOne(
          'UPDATE attempts SET end = ?, message = ?, alone = ?, ended_ms = ? WHERE token = ? AND end IS NULL',
          [write.end, write.message, Number(write.alone), Math.floor(nowMs), write.token],
          `no attempt runs under token ${write.token}`,
        );
      case 'end-trial':
        return this.endTrial(write);
      case 'drop-weights':
        return this.run(`UPDATE trials SET weights_blob = '' WHERE search = ? AND number = ? AND weights_blob = ?`, [
          this.key(write.search),
          write.trial,
          write.blob,
        ]);
      case 'end-search':
        return this.endSearch(write, nowMs);
    }
  }

  private openRound({ search, round, trials, trialsTotal }: Write<'open-round'>): void {
    const key = this.key(search);
    this.run('INSERT INTO rounds (search, round, name, method, interval_json) VALUES (?, ?, ?, ?, ?)', [
      key,
      round.index,
      round.name,
      round.method,
      JSON.stringify(round.interval),
    ]);
    for (const trial of trials) {
      this.run(
        `INSERT INTO trials (search, number, round, parameters_json, seed, config_json, configuration, carried_from)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          key,
          trial.number,
          round.index,
          JSON.stringify(trial.parameters),
          trial.seed,
          canonicalJson(trial.config),
          trial.configuration,
          trial.carriedFrom,
        ],
      );
    }
    this.run('UPDATE searches SET trials_total = ? WHERE sequence = ?', [trialsTotal, key]);
  }

  private startAttempt(write: Write<'start-attempt'>, nowMs: number): void {
    this.run(
      `INSERT INTO attempts (search, trial, number, token, worker, kernel, started_ms, machine)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        this.key(write.search),
        write.trial,
        write.attempt,
        write.token,
        write.worker,
        write.kernel,
        Math.floor(nowMs),
        this.machine(write.machine),
      ],
    );
  }

  private endTrial({ search, trial, state, results }: Write<'end-trial'>): void {
    const key = this.key(search);
    const refusal = `trial ${trial} of ${search} is not pending`;
    if (results === undefined) {
      this.changeOne(
        `UPDATE trials SET state = ? WHERE search = ? AND number = ? AND state = 'pending'`,
        [state, key, trial],
        refusal,
      );
    } else {
      const { epochs, metrics, weightsSha256, weightsBlob } = results;
      this.changeOne(
        `UPDATE trials SET state = ?, metrics_json = ?, weights_sha256 = ?, weights_blob = ?
           WHERE search = ? AND number = ? AND state = 'pending'`,
        [state, metricsToJson(metrics), weightsSha256, weightsBlob, key, trial],
        refusal,
      );
      this.run('INSERT INTO epochs (search, trial, epochs_json) VALUES (?, ?, ?)', [key, trial, epochsToJson(epochs)]);
    }
    this.run('UPDATE searches SET trials_done = trials_done + 1 WHERE sequence = ?', [key]);
  }

  private endSearch({ search, state, message }: Write<'end-search'>, nowMs: number): void {
    const key = this.key(search);
    const digest = state === 'completed' ? this.digest(key, search) : '';
    this.changeOne(
      `UPDATE searches SET state = ?, message = ?, result_digest = ?, ended_ms = ?
         WHERE sequence = ? AND state = 'running'`,
      [state, message, digest, Math.floor(nowMs), key],
      `search ${search} is not running`,
    );
  }

  private digest(key: number, search: string): string {
    const trials = trialsOf(this.database, key, true).map((trial): DigestTrial => {
      if (trial.state === 'pending') throw inconsistent(`trial ${trial.number} of ${search} has not ended`);
      return { ...trial, state: trial.state satisfies EndedTrialState };
    });
    const numerics = this.statement('SELECT numerics_version FROM searches WHERE sequence = ?').pluck().get(key);
    return resultDigest(trials, numerics as string);
  }

  /** The machine's key; it is stored once, however many attempts it makes. */
  private machine(machine: Machine | undefined): number | null {
    if (machine === undefined) return null;
    const json = canonicalJson({ ...machine });
    this.run('INSERT INTO machines (machine_json) VALUES (?) ON CONFLICT DO NOTHING', [json]);
    return this.statement('SELECT machine FROM machines WHERE machine_json = ?').pluck().get(json) as number;
  }

  private key(search: string): number {
    const key = this.statement('SELECT sequence FROM searches WHERE id = ?').pluck().get(search);
    if (key === undefined) throw inconsistent(`there is no search ${search}`);
    return key as number;
  }

  private run(sql: string, values: Values): void {
    this.statement(sql).run(...values);
  }

  /** A write that must hit its row: the caller's picture of the store is wrong otherwise, and nothing may be built on it. */
  private changeOne(sql: string, values: Values, refusal: string): void {
    if (this.statement(sql).run(...values).changes !== 1) throw inconsistent(refusal);
  }

  private statement(sql: string): Database.Statement<Values> {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare<Values>(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }
}

/** Identities of data sets as one text, whatever order they come in. */
export function dataKey(identities: readonly string[]): string {
  return [...new Set(identities)].sort().join(',');
}

function inconsistent(what: string): VernierError {
  return new VernierError('INTERNAL', `the store refused a write: ${what}`);
}
