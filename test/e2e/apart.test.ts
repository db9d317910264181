import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { Sandbox, type Running } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

/* Coordinator, workers and submitters in commands of their own. */

const sandbox = new Sandbox();
/** One thread, so that a round is several groups. */
const pairs = ['--threads', '1', '--side-by-side', '2'];
const file = sandbox.file('search.yaml', searchFile({ cycles: 4, hidden: 50 }));
let reference: SearchJson;

beforeAll(async () => {
  reference = await sandbox.json(['run', file, '--store', 'reference.db']);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

async function coordinator(store: string, listen = '127.0.0.1:0'): Promise<{ running: Running; address: string }> {
  const running = sandbox.start(['coordinator', '--listen', listen, '--store', store]);
  const [, address = ''] = await running.says(/^coordinator on (\S+), store /m);
  return { running, address };
}

function worker(address: string): Running {
  return sandbox.start(['worker', '--coordinator', address, ...pairs]);
}

async function stop(...running: Running[]): Promise<void> {
  for (const one of running) one.kill('SIGTERM');
  for (const { code, stderr } of await Promise.all(running.map((one) => one.ended))) expect(code, stderr).toBe(0);
}

describe('coordinator, two workers and a submitter', () => {
  it('go on to the same result after the coordinator was killed with -9', async () => {
    const first = await coordinator('apart.db');
    const { address } = first;
    const workers = [worker(address), worker(address)];
    const submitter = sandbox.start(['submit', file, '--coordinator', address, '--watch', '--json']);
    await submitter.says(/coarse: [2-5]\/6 trials/);
    first.running.kill('SIGKILL');
    await first.running.ended;
    await submitter.says(/no coordinator at .*; trying again/);

    const second = await coordinator('apart.db', address);
    const { code, stdout, stderr } = await submitter.ended;
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as SearchJson;
    expect(result.resultDigest).toBe(reference.resultDigest);
    await stop(second.running, ...workers);
  });
});

describe('commands about searches', () => {
  it('submit, list, show, watch and cancel', async () => {
    const { running, address } = await coordinator('commands.db');
    const at = ['--coordinator', address];
    const submitted = await sandbox.run(['submit', file, ...at]);
    const [, id = ''] = /^search (\S+) \(e2e, 13 trials\) submitted\n/.exec(submitted.stdout) ?? [];
    expect(submitted.stdout).toContain(`Follow it: vernier watch ${id} --coordinator ${address}\n`);
    const repeated = await sandbox.json<{ search: { id: string }; created: boolean }>(['submit', file, ...at]);
    expect(repeated).toMatchObject({ search: { id }, created: false });
    const other = await sandbox.json<{ search: { id: string; seed: number }; created: boolean }>([
      'submit',
      file,
      ...at,
      '--seed',
      '8',
    ]);
    expect(other).toMatchObject({
      search: { seed: 8, state: 'running', trialsDone: 0, trialsTotal: 13 },
      created: true,
    });

    const { searches } = await sandbox.json<{ searches: { id: string }[] }>(['list', ...at]);
    expect(searches.map((search) => search.id)).toEqual([other.search.id, id]);
    const table = await sandbox.run(['list', ...at]);
    expect(table.stdout).toContain(id);
    for (const line of table.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);

    const shown = await sandbox.json(['show', id.slice(0, -1), ...at]);
    expect(shown).toMatchObject({ search: { id, state: 'running' }, best: null, resultDigest: null });
    const latest = await sandbox.json(['show', ...at]);
    expect(latest.search.id).toBe(other.search.id);
    const spec = await sandbox.run(['show', id, '--spec', ...at]);
    expect(spec.stdout).toBe(searchFile({ cycles: 4, hidden: 50 }));

    const watching = sandbox.start(['watch', other.search.id, ...at, '--json']);
    await watching.says(/waiting for workers/);
    const cancelled = await sandbox.run(['cancel', other.search.id, ...at]);
    expect(cancelled.stdout).toBe(`search ${other.search.id} (e2e) is cancelled\n`);
    const watched = await watching.ended;
    expect(watched.code).toBe(1);
    expect(JSON.parse(watched.stdout)).toMatchObject({ search: { id: other.search.id, state: 'cancelled' } });
    expect(watched.stderr).toContain('[SEARCH_FAILED]');
    const again = await sandbox.run(['cancel', other.search.id, ...at]);
    expect(again.stdout).toBe(cancelled.stdout);
    await stop(running);
  });

  it('see a store beside the run that works on it, and after it', async () => {
    const store = ['--store', 'beside.db'];
    // Some times as long as a command takes that looks at it.
    const longer = sandbox.file('longer.yaml', searchFile({ cycles: 24, hidden: 50 }));
    const run = sandbox.start(['run', longer, ...store, ...pairs, '--json']);
    await run.says(/coarse: [1-4]\/6 trials/);
    const { searches } = await sandbox.json<{ searches: object[] }>(['list', ...store]);
    expect(searches).toMatchObject([{ name: 'e2e', state: 'running' }]);
    const watching = sandbox.start(['watch', ...store, '--json']);
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(0);
    const watched = await watching.ended;
    expect(watched.code, watched.stderr).toBe(0);
    expect(watched.stdout).toBe(stdout);
    expect((await sandbox.run(['show', ...store, '--json'])).stdout).toBe(stdout);
    expect((await sandbox.run(['cancel', 'latest', ...store])).stdout).toContain('had ended before: completed');
  });

  it('end a run by cancelling its search', async () => {
    const store = ['--store', 'cancelled.db'];
    const long = sandbox.file('long.yaml', searchFile({ cycles: 1000 }));
    const run = sandbox.start(['run', long, ...store, ...pairs, '--json']);
    await run.says(/round coarse/);
    expect((await sandbox.run(['cancel', 'latest', ...store])).code).toBe(0);
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ search: { state: 'cancelled' }, resultDigest: null });
    expect(stderr).toContain('vernier: search e2e cancelled');
    await sandbox.empty();
    const again = await sandbox.run(['run', long, ...store]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('this search has ended before; --again repeats it');
  });

  it('say that nobody works on a search any more when its run is interrupted', async () => {
    const store = ['--store', 'left.db'];
    // So long that it does not end while others look at it.
    const long = sandbox.file('long.yaml', searchFile({ name: 'long', cycles: 1000 }));
    const run = sandbox.start(['run', long, ...store, '--threads', '1']);
    await run.says(/round coarse/);
    const watching = sandbox.start(['watch', ...store]);
    await watching.says(/round coarse/);
    // Another search is taken into the store, but not on.
    const other = await sandbox.json<{ search: { id: string } }>(['submit', file, ...store]);
    const waiting = sandbox.start(['watch', other.search.id, ...store]);
    await waiting.says(/its store is in use by a `vernier run` of another search/);
    run.kill('SIGINT');
    await run.says(/stopping/);
    run.kill('SIGINT');
    expect((await run.ended).code).toBe(1);
    const { code, stderr } = await watching.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('no coordinator serves this store, so its searches stand still');
    expect((await waiting.ended).code).toBe(1);
    const shown = await sandbox.run(['show', ...store]);
    expect(shown.stdout).toMatch(
      /\nIt stands still: no coordinator serves its store\. `vernier run FILE` goes on with it\.\n$/,
    );
    expect((await sandbox.run(['list', ...store])).stderr).toBe(
      'running ones stand still: no coordinator serves the store\n',
    );
  });

  it('stop watching at a signal, and leave the search as it is', async () => {
    const { running, address } = await coordinator('watching.db');
    await sandbox.run(['submit', file, '--coordinator', address]);
    const watching = sandbox.start(['watch', '--coordinator', address]);
    await watching.says(/round coarse/);
    watching.kill('SIGINT');
    const { code, stderr } = await watching.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain(
      'watching was interrupted; the search goes on [INTERRUPTED]\n  watch it again: vernier watch ',
    );
    expect((await sandbox.json(['show', '--coordinator', address])).search.state).toBe('running');
    await stop(running);
  });

  it('do not wait for a search that nobody works on', async () => {
    const store = ['--store', 'still.db'];
    const submitted = await sandbox.run(['submit', file, ...store]);
    expect(submitted.code, submitted.stderr).toBe(0);
    expect(submitted.stdout).toContain('No coordinator serves this store now');
    const { code, stderr } = await sandbox.run(['watch', ...store]);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('no coordinator serves this store, so its searches stand still [COORDINATOR_UNREACHABLE]');
  });
});

describe('a run that is not alone on its store', () => {
  it('works on its own search, whatever else is unfinished there', async () => {
    const store = ['--store', 'two.db'];
    await sandbox.run(['submit', file, ...store, '--seed', '1000']);
    const result = await sandbox.json(['run', file, ...store]);
    expect(result.resultDigest).toBe(reference.resultDigest);
    const { searches } = await sandbox.json<{ searches: object[] }>(['list', ...store]);
    expect(searches).toMatchObject([
      { seed: 7, state: 'completed' },
      { seed: 1000, state: 'running', trialsDone: 0 },
    ]);
  });
});
