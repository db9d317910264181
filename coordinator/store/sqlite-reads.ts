import type Database from 'better-sqlite3';
import type { Json } from '../../proto/canonical.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import type { Interval, Parameters, SearchSpec, SearchState } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import type { Machine } from '../../proto/machine.js';
import { epochsFromJson, metricsFromJson } from './exact-json.js';
import type { AttemptRecord, RoundRecord, SearchRecord, SearchSummary, TrialRecord } from './records.js';

/** Rows -> records. `key` is a search's sequence number. */

interface SummaryRow {
  sequence: number;
  id: string;
  name: string;
  seed: number;
  spec_sha256: string;
  state: SearchState;
  message: string;
  created_ms: number;
  ended_ms: number | null;
  trials_total: number;
  trials_done: number;
}

const SUMMARY_COLUMNS =
  'sequence, id, name, seed, spec_sha256, state, message, created_ms, ended_ms, trials_total, trials_done';

export function summaryOf(row: SummaryRow): SearchSummary {
  return {
    id: row.id,
    name: row.name,
    seed: row.seed,
    specSha256: row.spec_sha256,
    state: knownState(row.state, SEARCH_STATES, 'a search'),
    message: row.message,
    createdMs: row.created_ms,
    endedMs: row.ended_ms ?? undefined,
    trialsTotal: counted(row.trials_total),
    trialsDone: counted(row.trials_done),
  };
}

/** Newest first. */
export function summaryRows(database: Database.Database, limit: number, before: number): SummaryRow[] {
  return database
    .prepare<[number, number], SummaryRow>(
      `SELECT ${SUMMARY_COLUMNS} FROM searches WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
    )
    .all(before, limit);
}

export function summaryRow(database: Database.Database, id: string): SummaryRow | undefined {
  return database.prepare<[string], SummaryRow>(`SELECT ${SUMMARY_COLUMNS} FROM searches WHERE id = ?`).get(id);
}

interface SearchRow {
  sequence: number;
  id: string;
  spec_sha256: string;
  spec_yaml: string;
  spec_json: string;
  datasets_json: string;
  numerics_version: string;
  result_digest: string;
  file_name: string;
  file_sha256: string;
  machine_json: string | null;
}

export function searchOf(database: Database.Database, id: string, epochs: boolean): SearchRecord | undefined {
  const row = database
    .prepare<[string], SearchRow>(
      `SELECT sequence, id, spec_sha256, spec_yaml, spec_json, datasets_json, numerics_version, result_digest,
         file_name, file_sha256, machine_json
         FROM searches LEFT JOIN machines USING (machine) WHERE id = ?`,
    )
    .get(id);
  if (row === undefined) return undefined;
  return {
    id: row.id,
    spec: specFrom(row.spec_json),
    specSha256: row.spec_sha256,
    specYaml: row.spec_yaml,
    fileName: row.file_name,
    fileSha256: row.file_sha256,
    machine: machineFrom(row.machine_json),
    datasets: fromJson(row.datasets_json, 'the data sets') as DatasetInfo[],
    numericsVersion: row.numerics_version,
    resultDigest: row.result_digest,
    rounds: roundsOf(database, row.sequence, epochs),
  };
}

interface RoundRow {
  round: number;
  name: string;
  method: string;
  interval_json: string;
  closed: number;
}

function roundsOf(database: Database.Database, key: number, epochs: boolean): RoundRecord[] {
  const trials = trialsOf(database, key, epochs);
  return database
    .prepare<[number], RoundRow>(
      'SELECT round, name, method, interval_json, closed FROM rounds WHERE search = ? ORDER BY round',
    )
    .all(key)
    .map((row) => ({
      index: counted(row.round),
      name: row.name,
      method: row.method,
      interval: fromJson(row.interval_json, 'an interval') as Record<string, Interval>,
      closed: row.closed === 1,
      trials: trials.filter(({ round }) => round === row.round),
    }));
}

interface TrialRow {
  number: number;
  round: number;
  parameters_json: string;
  seed: number;
  config_json: string;
  configuration: number;
  carried_from: number;
  state: TrialRecord['state'];
  metrics_json: string;
  weights_sha256: string;
  weights_blob: string;
  epochs_json: string | null;
}

/** A search's trials in trial order. */
export function trialsOf(database: Database.Database, key: number, epochs: boolean): TrialRecord[] {
  const attempts = attemptsOf(database, key);
  const rows = database
    .prepare<[number], TrialRow>(
      epochs
        ? `SELECT t.*, e.epochs_json FROM trials t LEFT JOIN epochs e ON e.search = t.search AND e.trial = t.number
             WHERE t.search = ? ORDER BY t.number`
        : `SELECT *, NULL AS epochs_json FROM trials WHERE search = ? ORDER BY number`,
    )
    .all(key);
  return rows.map((row) => ({
    round: row.round,
    number: counted(row.number),
    parameters: fromJson(row.parameters_json, 'the parameters') as Parameters,
    seed: row.seed,
    config: fromJson(row.config_json, 'the settings') as { [key: string]: Json },
    configuration: counted(row.configuration),
    carriedFrom: counted(row.carried_from),
    state: knownState(row.state, TRIAL_STATES, 'a trial'),
    metrics: readAs('the metrics', () => metricsFromJson(row.metrics_json)),
    weightsSha256: row.weights_sha256,
    weightsBlob: row.weights_blob,
    attempts: attempts.get(row.number) ?? [],
    epochs: readAs('the epochs', () => (row.epochs_json === null ? [] : epochsFromJson(row.epochs_json))),
  }));
}

interface AttemptRow {
  trial: number;
  number: number;
  token: string;
  worker: string;
  kernel: string;
  started_ms: number;
  ended_ms: number | null;
  end: AttemptRecord['end'] | null;
  message: string;
  alone: number;
  machine_json: string | null;
}

function attemptsOf(database: Database.Database, key: number): Map<number, AttemptRecord[]> {
  const attempts = new Map<number, AttemptRecord[]>();
  const rows = database
    .prepare<[number], AttemptRow>(
      `SELECT a.*, m.machine_json FROM attempts a LEFT JOIN machines m USING (machine)
         WHERE search = ? ORDER BY trial, number`,
    )
    .all(key);
  const machines = new Map<string | null, Machine | undefined>();
  for (const {
    trial,
    started_ms,
    ended_ms,
    end,
    alone,
    number,
    token,
    worker,
    kernel,
    message,
    machine_json,
  } of rows) {
    if (!machines.has(machine_json)) machines.set(machine_json, machineFrom(machine_json));
    const attempt: AttemptRecord = {
      number,
      token,
      worker,
      kernel,
      startedMs: started_ms,
      endedMs: ended_ms ?? undefined,
      end: end ?? undefined,
      message,
      alone: alone === 1,
      machine: machines.get(machine_json),
    };
    const list = attempts.get(trial);
    if (list === undefined) attempts.set(trial, [attempt]);
    else list.push(attempt);
  }
  return attempts;
}

/** As far as those rely on it who show a search. */
function specFrom(json: string): SearchSpec {
  const spec = fromJson(json, 'a specification') as Partial<SearchSpec> | null;
  if (typeof spec?.metric?.name === 'string' && Array.isArray(spec.rounds)) return spec as SearchSpec;
  throw corrupt('a specification without its metric or its rounds');
}

function machineFrom(json: string | null): Machine | undefined {
  return json === null ? undefined : (fromJson(json, 'a machine') as Machine);
}

const SEARCH_STATES: Record<SearchState, true> = { running: true, completed: true, failed: true, cancelled: true };
const TRIAL_STATES: Record<TrialRecord['state'], true> = {
  pending: true,
  completed: true,
  diverged: true,
  pruned: true,
  failed: true,
  cancelled: true,
};

function knownState<State extends string>(state: State, known: Record<State, true>, what: string): State {
  if (Object.hasOwn(known, state)) return state;
  throw corrupt(`${what} of the state ${JSON.stringify(state)}, which there is not`);
}

/** Numbers that count something, as the wire takes them: of larger ones it would keep a part. */
const MAX_COUNT = 2 ** 32 - 1;

function counted(value: number): number {
  if (value >= 0 && value <= MAX_COUNT) return value;
  throw corrupt(`the number ${value} where something is counted`);
}

function fromJson(text: string, what: string): unknown {
  return readAs(what, (): unknown => JSON.parse(text));
}

/** What was written here can be read here, unless the file was changed by something else. */
function readAs<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw corrupt(`${what} that cannot be read: ${String(cause)}`, cause);
  }
}

function corrupt(what: string, cause?: unknown): VernierError {
  return new VernierError('STORE_CORRUPT', `the store holds ${what}`, {
    mend: 'put a copy from a backup in its place, or name another file by --store FILE',
    cause,
  });
}
