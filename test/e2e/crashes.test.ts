import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { packageFile } from '../../proto/package-root.js';
import { Sandbox, type Running } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

/*
 * A run that is cut off, whoever it hits, goes on to the same result. Trials are long enough to be hit in the middle; they run
 * in pairs side by side, so that a round is not one group.
 */

const sandbox = new Sandbox();
const file = sandbox.file('search.yaml', searchFile({ cycles: 4, hidden: 50 }));
let reference: SearchJson;

beforeAll(async () => {
  const alone = ['--threads', '2', '--side-by-side', '1'];
  reference = await sandbox.json(['run', file, ...alone, '--store', 'reference.db']);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

function start(store: string, ...options: string[]): Running {
  const pairs = ['--threads', '1', '--side-by-side', '2'];
  return sandbox.start(['run', file, ...pairs, '--store', store, '--json', ...options]);
}

function attempts({ rounds }: SearchJson): number[] {
  return rounds.flatMap(({ trials }) => trials.map((trial) => trial.attempts));
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** The result of the same command again; it must say how much was done. */
async function goOn(store: string): Promise<SearchJson & { done: number }> {
  const run = start(store);
  const [, done] = await run.says(/resuming: (\d+) of 13 trials done/);
  const { code, stdout, stderr } = await run.ended;
  expect(code, stderr).toBe(0);
  return { ...(JSON.parse(stdout) as SearchJson), done: Number(done) };
}

describe('a run killed with -9', () => {
  it('leaves no worker behind, and goes on with the same command to the same result', async () => {
    const run = start('killed.db', '--workers', '2');
    await run.says(/coarse: [2-5]\/6 trials/);
    const workers = run.children;
    expect(workers).toHaveLength(2);
    run.kill('SIGKILL');
    expect((await run.ended).signal).toBe('SIGKILL');
    await sandbox.empty();

    const result = await goOn('killed.db');
    expect(result.done).toBeGreaterThanOrEqual(2);
    expect(result.resultDigest).toBe(reference.resultDigest);
    // What was done was not done again; what ran then has one more attempt. A thread's next pair starts while the weights of the
    // one before are uploaded: each of the two may have been at two pairs.
    expect(attempts(result).filter((count) => count === 1).length).toBeGreaterThanOrEqual(13 - 8);
    expect(Math.max(...attempts(result))).toBeLessThanOrEqual(2);
  });
});

describe('a worker killed with -9', () => {
  it('costs only the attempts that it was at', async () => {
    const run = start('worker-killed.db', '--verbose');
    await run.says(/coarse: [1-4]\/6 trials/);
    const [worker] = run.children;
    process.kill(worker ?? 0, 'SIGKILL');
    // Not when its lease has run out.
    await run.says(/on .*: worker lost: gone for good/);
    await run.says(/worker 1 was killed by SIGKILL; another takes its place/);
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as SearchJson;
    expect(result.resultDigest).toBe(reference.resultDigest);
    // Its one thread was at one pair, and perhaps the weights of the one before were uploaded.
    expect(sum(attempts(result))).toBeGreaterThanOrEqual(13 + 2);
    expect(sum(attempts(result))).toBeLessThanOrEqual(13 + 4);
  });
});

describe('Ctrl-C', () => {
  it('lets running trials end or hands them back, and the same command goes on', async () => {
    const run = start('interrupted.db');
    await run.says(/coarse: [1-4]\/6 trials/);
    run.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('stopping: running trials have 5 s to end; once more stops at once\n');
    expect(stderr).toMatch(
      /vernier: interrupted with \d+ of 13 trials done \[INTERRUPTED\]\n {2}the same command goes on with it\n$/,
    );
    await sandbox.empty();
    const result = await goOn('interrupted.db');
    expect(result.resultDigest).toBe(reference.resultDigest);
    // The running trials ended within their time; a pair that was granted in that moment was handed back.
    expect(sum(attempts(result))).toBeLessThanOrEqual(13 + 2);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('is what %s is too', async (signal) => {
    const run = start(`${signal}.db`);
    await run.says(/round coarse/);
    run.kill(signal);
    const { code, stderr } = await run.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('[INTERRUPTED]');
  });

  it('twice stops at once', async () => {
    const run = start('stopped.db');
    await run.says(/coarse: [1-4]\/6 trials/);
    run.kill('SIGINT');
    await run.says(/once more stops at once/);
    run.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code, stderr).toBe(1);
    expect(stderr.endsWith('vernier: stopped; the same command goes on with it\n')).toBe(true);
    await sandbox.empty();
    expect((await goOn('stopped.db')).resultDigest).toBe(reference.resultDigest);
  });
});

describe('workers that cannot work', () => {
  it('end the run with their last words', async () => {
    const dying = `--require ${packageFile('test/fixtures/workers-that-die.cjs')}`;
    const { code, stderr } = await sandbox.run(['run', file, '--store', 'lost.db'], { NODE_OPTIONS: dying });
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('vernier: 3 worker processes ended without finishing a trial');
    expect(stderr).toMatch(/^worker: .*abacus/m);
    expect(stderr).toContain('[WORKERS_LOST]');
  });
});
