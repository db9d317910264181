import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyCommand } from '../../coordinator/cli/verify.js';
import { thisMachine } from '../../proto/machine.js';
import type { TrialPool } from '../../worker/pool/trial-pool.js';
import type { WorkerSession } from '../../worker/session/session.js';
import { BACKENDS } from '../support/backends.js';
import { runCommand } from '../support/command.js';
import { CoordinatorFixture } from '../support/coordinator-fixture.js';
import { DIVERGING, TWO_ROUNDS, writeLayout2Store } from '../support/layout-2.js';
import { joinWith, openPool, WASM } from '../support/pool-worker.js';
import { verify } from '../support/verifying.js';

/* `vernier verify --on-workers`: a coordinator and workers with real threads train the trials again. */

let pools: TrialPool[];
let fixture: CoordinatorFixture;
let address: string;
let sessions: WorkerSession[];

beforeAll(async () => {
  pools = await Promise.all([WASM, BACKENDS.at(-1)!.recipe].map((recipe) => openPool(recipe)));
});
afterAll(() => Promise.all(pools.map((pool) => pool.close())));
beforeEach(async () => {
  fixture = new CoordinatorFixture();
  writeLayout2Store(fixture.store);
  sessions = [];
});
afterEach(async () => {
  for (const session of sessions) session.drain(0);
  await Promise.all(sessions.map(({ ended }) => ended));
  await fixture.dispose();
});

async function start(): Promise<void> {
  ({ address } = await fixture.start());
}

function join(): void {
  sessions = pools.map((pool, index) => joinWith(pool, address, `w-${index}`));
}

/** Names of the store's searches, newest first. */
function names(): string[] {
  const database = new Database(fixture.store, { readonly: true });
  const found = database.prepare('SELECT name FROM searches ORDER BY sequence DESC').pluck().all() as string[];
  database.close();
  return found;
}

function plant(sql: string): void {
  const database = new Database(fixture.store);
  database.exec(sql);
  database.close();
}

const KEY = `(SELECT sequence FROM searches WHERE id = '${TWO_ROUNDS}')`;

describe('all trials', () => {
  it('are the search once more: the same file, seed and data', async () => {
    await start();
    join();
    const { json, error, stderr } = await verify([TWO_ROUNDS, '--coordinator', address, '--on-workers', '--all'], {});
    expect(error, stderr).toBeUndefined();
    expect(json).toMatchObject({ verified: true, trialsVerified: 12, trialsTotal: 12, values: 222 });
    expect(names()).toEqual(['two-rounds', 'two-rounds', 'diverging']);
    for (const { againOn } of json!.trials) expect(againOn?.machine).toEqual(thisMachine());
  });

  it('that differ are told with what ran them, and trials that it does not have are not the same', async () => {
    plant(`UPDATE trials SET weights_sha256 = '${'0'.repeat(64)}' WHERE search = ${KEY} AND number = 9`);
    await start();
    join();
    const { json, error } = await verify([TWO_ROUNDS, '--coordinator', address, '--on-workers', '--all'], {});
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS' });
    expect(json?.trials.filter(({ differences }) => differences.length > 0)).toMatchObject([
      { number: 9, differences: [{ epoch: null, what: 'weights' }], recordedOn: { kernel: 'native', machine: null } },
    ]);
  });
});

describe('chosen trials', () => {
  it('are searches of their own, by name, each with its settings and its own training seed', async () => {
    await start();
    join();
    const args = [TWO_ROUNDS, '--coordinator', address, '--on-workers', '--trial', '2,7-8', '--trial', '12'];
    const { json, error, stderr } = await verify(args, {});
    expect(error, stderr).toBeUndefined();
    expect(json).toMatchObject({ verified: true, trialsVerified: 4, trialsTotal: 12 });
    const own = [2, 7, 8, 12].map((number) => `verify ${TWO_ROUNDS} ${number}`);
    expect(names().slice(0, 4).sort()).toEqual(own.sort());
    // Repeats of a configuration, with a seed each.
    const [seven, eight] = json!.trials.slice(1, 3);
    expect([seven?.number, eight?.number]).toEqual([7, 8]);
  });

  it('that diverged are verified like others', async () => {
    await start();
    join();
    const { json, error } = await verify([DIVERGING, '--coordinator', address, '--on-workers', '--trial', '1-2'], {});
    expect(error).toBeUndefined();
    expect(json).toMatchObject({ verified: true, trialsVerified: 2, values: 28 });
  });

  it('are found to differ by one bit', async () => {
    plant(
      `UPDATE epochs SET epochs_json = replace(epochs_json, '0.622', '0.6220000000000001') WHERE search = ${KEY} AND trial = 1`,
    );
    await start();
    join();
    const { json, error } = await verify([TWO_ROUNDS, '--coordinator', address, '--on-workers', '--trial', '1'], {});
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS' });
    expect(json?.trials[0]?.differences).toEqual([
      {
        epoch: 1,
        what: 'val_accuracy',
        recorded: { value: 0.6220000000000001, bits: '3fe3e76c8b439582' },
        again: { value: 0.622, bits: '3fe3e76c8b439581' },
      },
    ]);
  });

  it('wait for workers and say so; Ctrl-C cancels what was submitted', async () => {
    await start();
    let stderr = '';
    const write = (text: string): boolean => ((stderr += text), true);
    const told = runCommand(
      verifyCommand,
      ['verify', TWO_ROUNDS, '--store', fixture.store, '--on-workers'],
      {},
      {
        stderr: { write } as NodeJS.WriteStream,
      },
    );
    await expect.poll(() => stderr).toContain('waiting for workers: none is connected\n');
    expect(names()).toHaveLength(5);
    // The signal is this process's own: the command listens for it while it waits.
    process.emit('SIGINT', 'SIGINT');
    expect((await told).error).toMatchObject({ code: 'INTERRUPTED' });
    // Three searches wait for the same.
    expect(stderr.match(/waiting for workers/g)).toHaveLength(1);
    const database = new Database(fixture.store, { readonly: true });
    expect(database.prepare(`SELECT DISTINCT state FROM searches WHERE name LIKE 'verify %'`).pluck().all()).toEqual([
      'cancelled',
    ]);
    database.close();
  });
});

it.each([['--all'], ['--trial', '1']])(
  'a coordinator whose workers compute by other numerics is not asked: %s',
  async (...chosen) => {
    plant(`CREATE TRIGGER later AFTER INSERT ON searches
      BEGIN UPDATE searches SET numerics_version = '2' WHERE id = NEW.id; END`);
    await start();
    const { error } = await verify([TWO_ROUNDS, '--coordinator', address, '--on-workers', ...chosen], {});
    expect(error).toMatchObject({
      code: 'NUMERICS_MISMATCH',
      message: `search ${TWO_ROUNDS} was computed by numerics 1, and the coordinator's workers compute by 2`,
    });
    const database = new Database(fixture.store, { readonly: true });
    expect(database.prepare('SELECT state FROM searches ORDER BY sequence DESC LIMIT 1').pluck().get()).toBe(
      'cancelled',
    );
    database.close();
  },
);

it('a store that nobody serves has no workers', async () => {
  const { error } = await verify([TWO_ROUNDS, '--store', fixture.store, '--on-workers'], {});
  expect(error).toMatchObject({
    code: 'COORDINATOR_UNREACHABLE',
    mend: expect.stringContaining('leave --on-workers out'),
  });
});
