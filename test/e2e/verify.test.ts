import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import type { VerificationJson } from '../../coordinator/report/verify/verification.js';
import { thisMachine } from '../../proto/machine.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';
import { TWO_ROUND_SEARCH } from '../support/verifying.js';

const sandbox = new Sandbox();
const file = sandbox.file('two-rounds.yaml', TWO_ROUND_SEARCH);
let search: SearchJson;

beforeAll(async () => {
  search = await sandbox.json(['run', file]);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

describe('vernier verify', () => {
  it('trains the best trial and two others again, and tells what is the same', async () => {
    const { code, stdout, stderr } = await sandbox.run(['verify']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^verifying search \w{10} \(planted\): training 3 trials again on \d+ threads?\n/);
    expect(stderr.match(/^trial \d+: the same \([123] of 3 trials/gm)).toHaveLength(3);
    expect(stderr).toContain(`trial ${search.best!.number}: the same`);
    expect(stdout).toMatch(
      new RegExp(`^verified: 3 of 12 trials, \\d+ values\n  result digest ${search.resultDigest}\n  trained again on `),
    );
  });

  it('trains all of them on another kernel than the search’s', async () => {
    const args = ['verify', search.search.id, '--all', '--kernel', 'reference', '--threads', '2'];
    const json = await sandbox.json<VerificationJson>(args);
    expect(json).toMatchObject({
      search: { id: search.search.id, seed: 11, state: 'completed' },
      verified: true,
      trialsVerified: 12,
      trialsTotal: 12,
      values: 240,
      resultDigest: search.resultDigest,
      record: [],
      leftOut: [],
    });
    for (const { recordedOn, againOn } of json.trials) {
      expect(recordedOn?.kernel).not.toBe('reference');
      expect(againOn).toEqual({ kernel: 'reference', machine: thisMachine() });
      expect(recordedOn?.machine).toEqual(thisMachine());
    }
  });

  it('ends with 1 and says what differs first, where and by how much', async () => {
    const store = sandbox.path('changed.db');
    await sandbox.json(['run', file, '--store', store]);
    const database = new Database(store);
    const text = database.prepare('SELECT epochs_json FROM epochs WHERE trial = 4').pluck().get() as string;
    const was = (JSON.parse(text) as [number, Record<string, number>][])[1]![1]['val_loss']!;
    const now = was * (1 + 2 ** -52);
    database
      .prepare('UPDATE epochs SET epochs_json = ? WHERE trial = 4')
      .run(text.replaceAll(`"val_loss":${was}`, `"val_loss":${now}`));
    database.close();
    const { code, stdout, stderr } = await sandbox.run(['verify', '--store', store, '--trial', '3-4']);
    expect(code).toBe(1);
    expect(stdout).toContain('wrong record: result digest\n');
    expect(stdout).toMatch(/^differs: trial 4 of round coarse, epoch 2, val_loss$/m);
    expect(stdout).toMatch(
      new RegExp(`^  the search has ${now}  [0-9a-f]{16}\n  trained again  ${was}  [0-9a-f]{16}$`, 'm'),
    );
    expect(stdout).toContain('the recorded digest fits what was trained again: the store was changed');
    expect(stderr).toMatch(
      /was not verified: 1 record of it and the results of 1 trial differ \[VERIFY_DIFFERS\]\n {2}the store was changed/,
    );
    for (const line of stdout.split('\n'))
      expect(line.length).toBeLessThanOrEqual(/[0-9a-f]{64}/.test(line) ? 120 : 80);
  });

  it('names trials that have no results', async () => {
    const store = sandbox.path('cancelled.db');
    const long = sandbox.file('long.yaml', searchFile({ cycles: 3000, name: 'long' }));
    const running = sandbox.start(['run', long, '--store', store]);
    const [, id = ''] = await (async () => {
      for (;;) {
        const { stdout } = await sandbox.run(['list', '--store', store]);
        const found = /^(\w{10}) /m.exec(stdout.split('\n').slice(1).join('\n'));
        if (found !== null) return found;
      }
    })();
    await sandbox.run(['cancel', id, '--store', store]);
    await running.ended;
    const { code, stdout, stderr } = await sandbox.run(['verify', id, '--store', store]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^left out, without results: trials 1 \(cancelled\), 2 \(cancelled\), /);
    expect(stdout).toContain('verified: the record alone, no trial has results\n');
  });

  it.each([
    [['--trial', '99'], 2, 'the search has no trial 99 [TRIAL_NOT_FOUND]\n  it has trials 1 to 12\n'],
    [['--trial', '9-3'], 2, "argument '9-3' is invalid. It must be the numbers of trials, as in 7 or 3,7-9."],
    [['--trial', '1', '--all'], 2, "option '--trial <n>' cannot be used with option '--all'"],
    [['--sample', '2', '--all'], 2, "option '--sample <n>' cannot be used with option '--all'"],
    [['--on-workers', '--threads', '2'], 2, "option '--on-workers' cannot be used with option '--threads <n>'"],
    [['--on-workers', '--kernel', 'wasm'], 2, 'on others [USAGE]\n  leave one of them out;'],
    [['--on-workers'], 1, 'no coordinator serves this store, so it has no workers [COORDINATOR_UNREACHABLE]\n'],
    [['--store', 'nosuch.db'], 2, 'store nosuch.db: no such file [FILE_UNREADABLE]\n'],
  ] as const)('refuses %j', async (options, exit, message) => {
    const { code, stdout, stderr } = await sandbox.run(['verify', ...options]);
    expect(code, stderr).toBe(exit);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });

  it('refuses a search that has not ended, with what to do', async () => {
    const store = sandbox.path('unfinished.db');
    await sandbox.run(['submit', file, '--store', store]);
    const unfinished = await sandbox.run(['verify', '--store', store]);
    expect(unfinished.code).toBe(1);
    expect(unfinished.stderr).toMatch(
      /has not ended yet: .* \[SEARCH_UNFINISHED\]\n {2}wait for its end \(vernier watch /,
    );
  });
});

describe('provenance', () => {
  it('is the file to the last byte', async () => {
    const { stdout } = await sandbox.run(['show', search.search.id, '--spec']);
    expect(stdout).toBe(readFileSync(file, 'utf8'));
    expect(stdout).toBe(TWO_ROUND_SEARCH);
  });

  it('is told by show in short, and in its JSON whole', async () => {
    const { stdout } = await sandbox.run(['show', search.search.id]);
    expect(stdout).toContain(
      `\nFile two-rounds.yaml, specification ${search.search.specSha256.slice(0, 12)}, seed 11, data`,
    );
    expect(stdout).toMatch(/\n12 trials on \w+( \(\w+\))?, vernier \d/);
    expect(search.provenance).toMatchObject({
      file: 'two-rounds.yaml',
      numericsVersion: '1',
      datasets: [{ name: 'fashion-mnist-mini' }],
      takenBy: 0,
      machines: [thisMachine()],
    });
    for (const { attempts, attemptDetails } of search.rounds.flatMap(({ trials }) => trials)) {
      expect(attemptDetails).toHaveLength(attempts);
      expect(attemptDetails.at(-1)).toMatchObject({
        end: 'completed',
        machine: 0,
        kernel: expect.stringMatching(/^native \(|^wasm$/),
      });
    }
  });
});
