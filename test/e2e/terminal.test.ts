import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { displayWidth } from '../../coordinator/report/format.js';
import { packageFile } from '../../proto/package-root.js';
import { hasPython, runPython } from '../support/python.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

/* A run in a terminal: what it draws there, and what reaches it from there. */

const sandbox = new Sandbox();
/** Trials that last much longer than what is told of them is on its way: progress travels and is drawn some times a second. */
const file = sandbox.file('search.yaml', searchFile({ cycles: 24, hidden: 50 }));
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

/** One thread, so that a round is several groups. */
const pairs = ['--threads', '1', '--side-by-side', '2'];

interface Step {
  wait: string;
  send?: string;
  hangup?: true;
}

/** Runs a command in a terminal of Python's and plays its user. */
function inTerminal(
  args: readonly string[],
  columns: number,
  steps: readonly Step[],
): { output: string; code: number } {
  const { argv, env, cwd } = sandbox.command(args);
  const request = { argv, env, cwd, columns, rows: 24, steps };
  return runPython(packageFile('test/support/terminal.py'), request) as { output: string; code: number };
}

// oxlint-disable-next-line no-control-regex -- escape sequences
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

describe.skipIf(!hasPython)('vernier run in a terminal (skipped without Python)', () => {
  it('rewrites its lines, none longer than the terminal', () => {
    const { output, code } = inTerminal(['run', file, '--store', 'drawn.db'], 50, []);
    expect(code).toBe(0);
    expect(output).toMatch(/\u001b\[\d+A\r/); // oxlint-disable-line no-control-regex -- back to the display's top
    expect(output).toMatch(/Result digest [0-9a-f]{64}\r\n/);
    const [progress = ''] = output.replace(ESCAPES, '').split('Round 1,');
    const lines = progress.split(/[\r\n]+/);
    for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(50);
    expect(lines.some((line) => /^fine {4}\[[#.]+\] {2}\d\/6$/.test(line))).toBe(true);
    expect(lines.some((line) => /^ +trials? [\d, -]+ {2}epoch \d+\/48 {2}lambda=/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('best    val_accuracy '))).toBe(true);
  });

  it('gets Ctrl-C alone: its workers end their trials and hand in the results', async () => {
    const steps = [{ wait: 'coarse .*[1-4]/6', send: '\u0003' }];
    const { output, code } = inTerminal(['run', file, '--store', 'interrupted.db', ...pairs], 80, steps);
    expect(code).toBe(1);
    expect(output).toContain('stopping: running trials have 5 s to end; once more stops at once');
    expect(output).toMatch(/interrupted with [1-9] of 13 trials done/);
    await sandbox.empty();
    const stored = await sandbox.json(['show', '--store', 'interrupted.db']);
    const trials = stored.rounds.flatMap((round) => round.trials);
    const completed = trials.filter(({ state }) => state === 'completed');
    expect(completed.map(({ attempts }) => attempts)).toEqual(completed.map(() => 1));
    // A pair that was granted in that moment was handed back; none was lost.
    const handedBack = trials.filter(({ state, attempts }) => state !== 'completed' && attempts > 0);
    expect(handedBack.length).toBeLessThanOrEqual(2);
  });

  it('drains when the terminal is closed', async () => {
    const steps = [{ wait: 'coarse .*[1-4]/6', hangup: true as const }];
    expect(inTerminal(['run', file, '--store', 'hung-up.db', ...pairs], 80, steps).code).toBe(1);
    await sandbox.empty();
    const stored = await sandbox.json(['show', '--store', 'hung-up.db']);
    expect(stored.search.state).toBe('running');
    expect((await sandbox.run(['run', file, '--store', 'hung-up.db'])).stderr).toMatch(/resuming: [1-9] of 13 trials/);
  });
});
