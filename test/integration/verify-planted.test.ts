import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCommand } from '../../coordinator/cli/verify.js';
import type { VerificationJson } from '../../coordinator/report/verify/verification.js';
import { epochsFromJson, epochsToJson, metricsFromJson, metricsToJson } from '../../coordinator/store/exact-json.js';
import { SqliteStore } from '../../coordinator/store/sqlite-store.js';
import { resultDigest, type DigestTrial } from '../../proto/digest.js';
import type { Metrics } from '../../proto/domain.js';
import type { TrialPool } from '../../worker/pool/trial-pool.js';
import { runCommand } from '../support/command.js';
import { call, CoordinatorFixture } from '../support/coordinator-fixture.js';
import { EMBEDDED, joinWith, openPool, WASM } from '../support/pool-worker.js';
import { FAILING_SEARCH, retrainer, TWO_ROUND_SEARCH, verify } from '../support/verifying.js';

/*
 * A finished search's store, in which one thing is changed by hand, by one bit where it is a number or a digest. `verify` finds each:
 * what the digest covers without training; by training again also where the digest was made anew for the changed results, as
 * somebody would who wants to hide the change.
 */

let folder: string;
let store: string;
let pool: TrialPool;
let train: ReturnType<typeof retrainer>;
const ids = { planted: '', failing: '', cancelled: '' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vernier-planted-'));
  store = join(folder, 'store.db');
  pool = await openPool(WASM, 2);
  train = retrainer(pool);
  const fixture = new CoordinatorFixture();
  const { address } = await fixture.start({ store });
  const searches = fixture.searches(address);
  const session = joinWith(pool, address);
  ids.planted = await searches.submitted({ specYaml: TWO_ROUND_SEARCH, fileName: 'planted.yaml', datasets: [] });
  ids.failing = await searches.submitted({ specYaml: FAILING_SEARCH, fileName: 'failing.yaml', datasets: [] });
  for (const id of [ids.planted, ids.failing]) await searches.watch(id).ended;
  const long = TWO_ROUND_SEARCH.replace('cycles: 1', 'cycles: 20');
  ids.cancelled = await searches.submitted({ specYaml: long, fileName: 'long.yaml', datasets: [] });
  await searches.watch(ids.cancelled).until(({ search }) => (search?.trialsDone ?? 0) > 0);
  await call((done) => searches.client.cancelSearch({ id: ids.cancelled }, done));
  session.drain(0);
  await session.ended;
  await fixture.dispose();
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

// ---- Changes ---------------------------------------------------------------------------------------------------------

/** The double whose last bit is the other one. */
function nextDouble(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) ^ 1n);
  return view.getFloat64(0);
}

/** A digest with one bit turned. */
function turned(hex: string): string {
  return hex.slice(0, 10) + (Number.parseInt(hex.charAt(10), 16) ^ 1).toString(16) + hex.slice(11);
}

/** One search of a store that lies open. */
class Planter {
  readonly key: number;

  constructor(
    readonly database: Database.Database,
    id: string,
  ) {
    this.key = database.prepare('SELECT sequence FROM searches WHERE id = ?').pluck().get(id) as number;
  }

  /** Changes one column of one row; a row that is not there, and a change that changes nothing, are the test's mistakes. */
  change<T extends string | number>(table: string, column: string, where: string, change: (value: T) => T): void {
    const key = table === 'searches' ? 'sequence' : 'search';
    const at = `${key} = ${this.key}${where === '' ? '' : ` AND ${where}`}`;
    const before = this.database.prepare(`SELECT ${column} FROM ${table} WHERE ${at}`).pluck().all() as T[];
    if (before.length !== 1) throw new Error(`${before.length} rows of ${table} WHERE ${at}`);
    const after = change(before[0]!);
    if (after === before[0]) throw new Error(`${table}.${column} is as it was`);
    this.database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${at}`).run(after);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the column holds is the caller's to say
  json<T>(table: string, column: string, where: string, change: (value: T) => void): void {
    this.change<string>(table, column, where, (text) => {
      const value = JSON.parse(text) as T;
      change(value);
      return JSON.stringify(value);
    });
  }

  metrics(trial: number, change: (metrics: Metrics) => void): void {
    this.change<string>('trials', 'metrics_json', `number = ${trial}`, (text) => {
      const metrics = metricsFromJson(text);
      change(metrics);
      return metricsToJson(metrics);
    });
  }

  epochs(trial: number, change: (epochs: ReturnType<typeof epochsFromJson>) => void): void {
    this.change<string>('epochs', 'epochs_json', `trial = ${trial}`, (text) => {
      const epochs = epochsFromJson(text);
      change(epochs);
      return epochsToJson(epochs);
    });
  }

  run(sql: string): void {
    this.database.exec(sql.replaceAll('KEY', String(this.key)));
  }
}

type Change = (planter: Planter) => void;

/** A copy of the store with a change in it; `sealed`: with the digest made anew for what the store then holds. */
function changed(id: string, change: Change, sealed = false): string {
  const file = join(folder, 'changed.db');
  copyFileSync(store, file);
  const database = new Database(file);
  database.pragma('foreign_keys = OFF');
  change(new Planter(database, id));
  database.close();
  if (sealed) seal(file, id);
  return file;
}

function seal(file: string, id: string): void {
  const reader = SqliteStore.open(file);
  const { rounds, numericsVersion } = reader.search(id, true)!;
  const digest = resultDigest(rounds.flatMap(({ trials }) => trials) as DigestTrial[], numericsVersion);
  reader.close();
  const database = new Database(file);
  database.prepare('UPDATE searches SET result_digest = ? WHERE id = ?').run(digest, id);
  database.close();
}

/** Where the first difference of the trials is: `trial 7, epoch 2, val_loss`. */
function firstOf({ trials }: VerificationJson): string | undefined {
  for (const { number, differences } of trials) {
    const [first] = differences;
    if (first === undefined) continue;
    return [`trial ${number}`, ...(first.epoch === null ? [] : [`epoch ${first.epoch}`]), first.what].join(', ');
  }
  return undefined;
}

// ---- What is found ---------------------------------------------------------------------------------------------------

it('is verified as long as nothing is changed', async () => {
  for (const id of [ids.planted, ids.failing]) {
    const { json, error, stderr } = await verify([id, '--store', store, '--all'], train);
    expect(error, stderr).toBeUndefined();
    expect(json).toMatchObject({ verified: true, record: [], leftOut: [] });
  }
  const { json } = await verify([ids.planted, '--store', store, '--all'], train);
  // Of each trial its state and weights; 3 metrics of the validation after both epochs and at the end, 3 of the training after the
  // last epoch and at the end; in the second round 3 more of the training, and 3 of the test.
  expect(json).toMatchObject({ trialsVerified: 12, trialsTotal: 12, values: 12 * (2 + 9 + 6) + 6 * (3 + 3) });
});

it('is told in lines of 80 columns on a terminal that does not tell its width', async () => {
  let text = '';
  const stdout = { columns: 0, write: (part: string) => ((text += part), true) } as NodeJS.WriteStream;
  const context = { ...train, stdout, localDatasets: () => Promise.resolve([EMBEDDED]) };
  await runCommand(verifyCommand, ['verify', ids.planted, '--store', store], {}, context);
  expect(text).toMatch(
    /^verified: 3 of 12 trials, \d+ values\n {2}result digest [0-9a-f]{64}\n {2}trained again on wasm, vernier /,
  );
});

it('of a cancelled search what it has is verified, and the trials it has not are named', async () => {
  const { json, error, stderr } = await verify([ids.cancelled, '--store', store, '--all'], train);
  expect(error, stderr).toBeUndefined();
  expect(json).toMatchObject({ verified: true, resultDigest: null, search: { state: 'cancelled' } });
  expect(json!.trialsVerified).toBeGreaterThan(0);
  expect(json!.leftOut.length).toBeGreaterThan(0);
  expect(json!.trialsVerified + json!.leftOut.length).toBe(6);
  const { error: refused } = await verify([ids.cancelled, '--store', store, '--trial', '6'], train);
  expect(refused).toMatchObject({
    code: 'TRIAL_NOT_FOUND',
    message: 'trial 6 was cancelled: it has no results to verify',
  });
});

/** Results: the digest covers them, and so does training again. */
const RESULTS: [what: string, found: string, change: Change][] = [
  [
    'a metric of an epoch',
    'trial 3, epoch 1, val_loss',
    (p) => p.epochs(3, ([one]) => void (one!.metrics['val_loss'] = nextDouble(one!.metrics['val_loss']!))),
  ],
  [
    'an accuracy of the last epoch',
    'trial 12, epoch 2, val_accuracy',
    (p) => p.epochs(12, ([, two]) => void (two!.metrics['val_accuracy'] = nextDouble(two!.metrics['val_accuracy']!))),
  ],
  [
    'the sign of a metric',
    'trial 4, epoch 2, train_cost',
    (p) => p.epochs(4, ([, two]) => void (two!.metrics['train_cost'] = -two!.metrics['train_cost']!)),
  ],
  [
    'a final metric',
    'trial 2, val_cost',
    (p) => p.metrics(2, (metrics) => void (metrics['val_cost'] = nextDouble(metrics['val_cost']!))),
  ],
  [
    'a test metric',
    'trial 7, test_accuracy',
    (p) => p.metrics(7, (metrics) => void (metrics['test_accuracy'] = nextDouble(metrics['test_accuracy']!))),
  ],
  [
    'a final metric that is gone',
    'trial 8, test_loss',
    (p) => p.metrics(8, (metrics) => void delete metrics['test_loss']),
  ],
  [
    'a metric that was never there',
    'trial 1, test_loss',
    (p) => p.metrics(1, (metrics) => void (metrics['test_loss'] = 0.5)),
  ],
  [
    'a metric of another name',
    'trial 5, epoch 1, val_cost',
    (p) =>
      p.epochs(5, ([one]) => {
        one!.metrics['val_cosu'] = one!.metrics['val_cost']!;
        delete one!.metrics['val_cost'];
      }),
  ],
  [
    'the weights’ digest',
    'trial 6, weights',
    (p) => p.change<string>('trials', 'weights_sha256', 'number = 6', turned),
  ],
  [
    'a weights’ digest that is gone',
    'trial 6, weights',
    (p) => p.change<string>('trials', 'weights_sha256', 'number = 6', () => ''),
  ],
  ['the state', 'trial 9, state', (p) => p.change<string>('trials', 'state', 'number = 9', () => 'diverged')],
  ['an epoch that is gone', 'trial 10, epoch 1, epoch', (p) => p.epochs(10, (epochs) => void epochs.shift())],
  [
    'an epoch too many',
    'trial 11, epoch 3, epoch',
    (p) => p.epochs(11, (epochs) => void epochs.push({ epoch: 3, metrics: {} })),
  ],
  [
    'an epoch that is there twice, the first time with another value',
    'trial 11, epochs',
    (p) =>
      p.epochs(11, (epochs) => {
        const [one] = structuredClone(epochs);
        one!.metrics['val_loss'] = nextDouble(one!.metrics['val_loss']!);
        epochs.unshift(one!);
      }),
  ],
  [
    'epochs in another order',
    'trial 11, epochs',
    (p) => p.epochs(11, (epochs) => void epochs.push(...epochs.splice(0).toReversed())),
  ],
  ['an epoch’s number', 'trial 11, epoch 2, epoch', (p) => p.epochs(11, ([, two]) => void (two!.epoch = 3))],
  ['all epochs gone', 'trial 1, epoch 1, epoch', (p) => p.run('DELETE FROM epochs WHERE search = KEY AND trial = 1')],
];

/** What is not a trial's result, and follows from the rest of the record. */
const RECORDS: [what: string, found: string, change: Change][] = [
  [
    'a parameter',
    'trial 2, parameter lambda',
    (p) =>
      p.json<{ lambda: number }>(
        'trials',
        'parameters_json',
        'number = 2',
        (v) => void (v.lambda = nextDouble(v.lambda)),
      ),
  ],
  [
    'a parameter’s type',
    'trial 2, parameter hidden',
    (p) =>
      p.json<{ hidden: unknown }>('trials', 'parameters_json', 'number = 2', (v) => void (v.hidden = String(v.hidden))),
  ],
  [
    'a parameter of the narrowed round',
    'trial 12, parameter lambda',
    (p) =>
      p.json<{ lambda: number }>(
        'trials',
        'parameters_json',
        'number = 12',
        (v) => void (v.lambda = nextDouble(v.lambda)),
      ),
  ],
  [
    'a parameter too many',
    'trial 1, parameter momentum',
    (p) => p.json<{ momentum?: number }>('trials', 'parameters_json', 'number = 1', (v) => void (v.momentum = 0.9)),
  ],
  [
    'a bound setting',
    'trial 8, settings lambda',
    (p) =>
      p.json<{ lambda: number }>('trials', 'config_json', 'number = 8', (v) => void (v.lambda = nextDouble(v.lambda))),
  ],
  [
    'a setting that is none of the parameters',
    'trial 8, settings batch_size',
    (p) => p.json<{ batch_size: number }>('trials', 'config_json', 'number = 8', (v) => void (v.batch_size ^= 1)),
  ],
  [
    'a training seed',
    'trial 4, seed',
    (p) => p.change<number>('trials', 'seed', 'number = 4', (seed) => (seed % 2 === 0 ? seed + 1 : seed - 1)),
  ],
  [
    'an interval of the first round',
    'round coarse, interval lambda.max',
    (p) =>
      p.json<{ lambda: { max: number } }>(
        'rounds',
        'interval_json',
        'round = 0',
        (v) => void (v.lambda.max = nextDouble(v.lambda.max)),
      ),
  ],
  [
    'an interval of the second round',
    'round fine, interval lambda.min',
    (p) =>
      p.json<{ lambda: { min: number } }>(
        'rounds',
        'interval_json',
        'round = 1',
        (v) => void (v.lambda.min = nextDouble(v.lambda.min)),
      ),
  ],
  [
    'an interval too many',
    'round fine, interval hidden',
    (p) =>
      p.json<{ hidden?: object }>('rounds', 'interval_json', 'round = 1', (v) => void (v.hidden = { min: 6, max: 8 })),
  ],
  ['a round’s name', 'round fine, name', (p) => p.change<string>('rounds', 'name', 'round = 1', () => 'fjne')],
  ['a round’s method', 'round fine, method', (p) => p.change<string>('rounds', 'method', 'round = 1', () => 'grid')],
  ['a round that is open', 'round coarse', (p) => p.change<number>('rounds', 'closed', 'round = 0', () => 0)],
  [
    'a round that is gone',
    'number of rounds',
    (p) =>
      p.run(
        'DELETE FROM epochs WHERE search = KEY AND trial > 6; DELETE FROM attempts WHERE search = KEY AND trial > 6; DELETE FROM trials WHERE search = KEY AND number > 6; DELETE FROM rounds WHERE search = KEY AND round = 1',
      ),
  ],
  [
    'a trial that is gone',
    'round fine, number of trials',
    (p) =>
      p.run(
        'DELETE FROM epochs WHERE search = KEY AND trial = 12; DELETE FROM attempts WHERE search = KEY AND trial = 12; DELETE FROM trials WHERE search = KEY AND number = 12',
      ),
  ],
  [
    'a trial’s number',
    'trial 12, number',
    (p) =>
      p.run(
        'UPDATE trials SET number = 13 WHERE search = KEY AND number = 12; UPDATE epochs SET trial = 13 WHERE search = KEY AND trial = 12',
      ),
  ],
  [
    'a trial’s round',
    'round coarse, number of trials',
    (p) => p.change<number>('trials', 'round', 'number = 6', () => 1),
  ],
  [
    'a trial’s configuration',
    'trial 5, configuration',
    (p) => p.change<number>('trials', 'configuration', 'number = 5', (v) => v ^ 1),
  ],
  [
    'where a trial was carried from',
    'trial 7, carried from',
    (p) => p.change<number>('trials', 'carried_from', 'number = 7', (v) => v ^ 1),
  ],
  [
    'a trial that is pending',
    'trial 5, state',
    (p) => p.change<string>('trials', 'state', 'number = 5', () => 'pending'),
  ],
  [
    'a trial that failed, with results',
    'trial 5, state',
    (p) => p.change<string>('trials', 'state', 'number = 5', () => 'failed'),
  ],
  [
    'the file',
    "the file's sum",
    (p) => p.change<string>('searches', 'spec_yaml', '', (v) => v.replace('1.0e-1', '1.1e-1')),
  ],
  [
    'a comment of the file',
    "the file's sum",
    (p) => p.change<string>('searches', 'spec_yaml', '', (v) => v.replace('Two rounds', 'Tvo rounds')),
  ],
  ['the file’s sum', "the file's sum", (p) => p.change<string>('searches', 'file_sha256', '', turned)],
  [
    'the file and its sum',
    'specification, parameters.lambda.max',
    (p) => {
      p.change<string>('searches', 'spec_yaml', '', (v) =>
        v.replace('max: 1.0e-1 }\n  hidden', 'max: 1.1e-1 }\n  hidden'),
      );
      p.change<string>('searches', 'file_sha256', '', () => '');
    },
  ],
  [
    'the file, which is none any more',
    'the file',
    (p) => {
      p.change<string>('searches', 'spec_yaml', '', (v) => v.replace('seed: 11', 'seee: 11'));
      p.change<string>('searches', 'file_sha256', '', () => '');
    },
  ],
  [
    'a bound of the specification',
    "the specification's hash",
    (p) =>
      p.json<{ parameters: { lambda: { max: number } } }>(
        'searches',
        'spec_json',
        '',
        (v) => void (v.parameters.lambda.max = nextDouble(v.parameters.lambda.max)),
      ),
  ],
  [
    'the specification’s seed',
    "the specification's hash",
    (p) => p.json<{ seed: number }>('searches', 'spec_json', '', (v) => void (v.seed ^= 1)),
  ],
  [
    'the specification’s training seeds',
    "the specification's hash",
    (p) => p.json<{ trainingSeeds: number[] }>('searches', 'spec_json', '', (v) => void (v.trainingSeeds[1]! += 1)),
  ],
  [
    'the specification’s hash',
    "the specification's hash",
    (p) => p.change<string>('searches', 'spec_sha256', '', turned),
  ],
  ['the search’s name', "the search's name", (p) => p.change<string>('searches', 'name', '', () => 'plantee')],
  ['the search’s seed', "the search's seed", (p) => p.change<number>('searches', 'seed', '', (v) => v ^ 1)],
  [
    'a data set’s identity',
    'data sets, fashion-mnist-mini.sha256',
    (p) =>
      p.json<{ sha256: string }[]>(
        'searches',
        'datasets_json',
        '',
        ([one]) => void (one!.sha256 = turned(one!.sha256)),
      ),
  ],
  [
    'a data set’s name',
    'data sets, fashion-mnist-mimi',
    (p) =>
      p.json<{ name: string }[]>('searches', 'datasets_json', '', ([one]) => void (one!.name = 'fashion-mnist-mimi')),
  ],
  ['the result digest', 'result digest', (p) => p.change<string>('searches', 'result_digest', '', turned)],
  ['a result digest that is gone', 'result digest', (p) => p.change<string>('searches', 'result_digest', '', () => '')],
  [
    'how many trials have ended',
    'trials that have ended',
    (p) => p.change<number>('searches', 'trials_done', '', (v) => v ^ 1),
  ],
  ['how many trials there are', 'trials in all', (p) => p.change<number>('searches', 'trials_total', '', (v) => v ^ 1)],
  [
    'the search’s state, cancelled',
    'result digest',
    (p) => p.change<string>('searches', 'state', '', () => 'cancelled'),
  ],
  [
    'the search’s state, failed',
    "the search's state",
    (p) => p.change<string>('searches', 'state', '', () => 'failed'),
  ],
];

describe('a changed result', () => {
  // Trial 1 alone is trained, which most changes are not in: the digest tells.
  it.each(RESULTS)('is found by the digest: %s', async (_, __, change) => {
    const { json, error } = await verify([ids.planted, '--store', changed(ids.planted, change), '--trial', '1'], train);
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS' });
    expect(json?.record.at(-1)?.what).toBe('result digest');
  });

  it.each(RESULTS)('is found by training again, also where the digest was made anew: %s', async (_, found, change) => {
    const file = changed(ids.planted, change, true);
    const { json, error } = await verify([ids.planted, '--store', file, '--all'], train);
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS' });
    expect(firstOf(json!)).toBe(found);
    expect(json).toMatchObject({ verified: false, trialsVerified: 11, trialsTotal: 12 });
  });

  it('is told to be the store’s fault where the digest is right for what was trained again', async () => {
    const file = changed(ids.planted, RESULTS[0]![2]);
    const { error } = await verify([ids.planted, '--store', file, '--all'], train);
    expect(error).toMatchObject({ mend: expect.stringContaining('the store was changed after the search ended') });
  });

  it.each<[string, string, Change]>([
    [
      'a metric',
      'trial 1, epoch 1, val_accuracy',
      (p) => p.epochs(1, ([one]) => void (one!.metrics['val_accuracy'] = nextDouble(one!.metrics['val_accuracy']!))),
    ],
    ['a NaN', 'trial 2, epoch 1, val_loss', (p) => p.epochs(2, ([one]) => void (one!.metrics['val_loss'] = 1))],
    ['the state', 'trial 2, state', (p) => p.change<string>('trials', 'state', 'number = 2', () => 'completed')],
  ])('of a search without a digest is found by training again: %s', async (_, found, change) => {
    const { json, error } = await verify([ids.failing, '--store', changed(ids.failing, change), '--all'], train);
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS' });
    expect(firstOf(json!)).toBe(found);
  });
});

describe('a changed record', () => {
  it.each(RECORDS)('is found without training: %s', async (_, found, change) => {
    const file = changed(ids.planted, change);
    const { json, error } = await verify([ids.planted, '--store', file], train);
    // Where a trial's data are no longer known, that is told too.
    expect(error).toBeDefined();
    expect(json?.verified).toBe(false);
    expect(json?.record.map(({ what }) => what)[0]).toBe(found);
  });

  it('is found where it is wrong, and not once more in what follows from it', async () => {
    // Of the trial that the second round carries on, and narrows by.
    let from = 0;
    const change: Change = (p) => {
      from = p.database
        .prepare(`SELECT carried_from FROM trials WHERE search = ${p.key} AND number = 7`)
        .pluck()
        .get() as number;
      p.json<{ lambda: number }>('trials', 'parameters_json', `number = ${from}`, (v) => void (v.lambda *= 1.5));
    };
    const { json } = await verify([ids.planted, '--store', changed(ids.planted, change)], train);
    expect(json?.record.map(({ what }) => what)).toEqual([`trial ${from}, parameter lambda`, 'result digest']);
  });

  it('of a parameter that the settings and the digest were changed with is found all the same', async () => {
    const change: Change = (p) => {
      for (const column of ['parameters_json', 'config_json']) {
        p.json<{ lambda: number }>('trials', column, 'number = 2', (v) => void (v.lambda = nextDouble(v.lambda)));
      }
    };
    const { json } = await verify([ids.planted, '--store', changed(ids.planted, change, true)], train);
    expect(json?.record.map(({ what }) => what)).toEqual(['trial 2, parameter lambda', 'trial 2, settings lambda']);
  });

  it('of numerics that this program does not compute by is refused with the mend', async () => {
    const file = changed(ids.planted, (p) => p.change<string>('searches', 'numerics_version', '', () => '0'));
    const { error, stdout } = await verify([ids.planted, '--store', file], train);
    expect(error).toMatchObject({ code: 'NUMERICS_MISMATCH', mend: expect.stringContaining('version') });
    expect(stdout).toBe('');
  });

  it('of another search is nothing to this one', async () => {
    const file = changed(ids.failing, (p) => p.change<number>('searches', 'seed', '', (v) => v ^ 1));
    expect((await verify([ids.planted, '--store', file], train)).json?.verified).toBe(true);
  });
});

it('the table has every column that results follow from', () => {
  const touched = new Set<string>();
  for (const [, , change] of [...RESULTS, ...RECORDS]) {
    const spy = {
      change: (table: string, column: string) => void touched.add(`${table}.${column}`),
      json: (table: string, column: string) => void touched.add(`${table}.${column}`),
      metrics: () => void touched.add('trials.metrics_json'),
      epochs: () => void touched.add('epochs.epochs_json'),
      run: () => undefined,
    };
    change(spy as unknown as Planter);
  }
  const database = new Database(store, { readonly: true });
  const columns = ['searches', 'rounds', 'trials', 'epochs'].flatMap((table) =>
    (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => `${table}.${name}`),
  );
  database.close();
  /** Keys, times, names of machines and files, and what the search says of itself: nothing follows from them. */
  const apart = [
    'sequence',
    'id',
    'search',
    'trial',
    'number',
    'created_ms',
    'ended_ms',
    'message',
    'machine',
    'file_name',
  ];
  /** Changed by deleting or moving rows; refused as a whole; a key for finding, which the identities stand beside; weights' places. */
  const otherwise = ['rounds.round', 'searches.numerics_version', 'searches.data_sha256', 'trials.weights_blob'];
  const left = columns.filter((column) => !apart.includes(column.split('.')[1]!) && !otherwise.includes(column));
  expect(left.filter((column) => !touched.has(column))).toEqual([]);
});

it(`trains on ${EMBEDDED.name}, which is embedded`, () => expect(pool.threads).toBe(2));
