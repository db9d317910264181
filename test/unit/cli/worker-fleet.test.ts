import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkerFleet, type FleetOptions } from '../../../coordinator/cli/worker-fleet.js';

let folder: string;
let fleet: WorkerFleet | undefined;
let lines: [number, string][];
let replaced: string[];
let ended: number[];
let wake: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vernier-fleet-'));
  lines = [];
  replaced = [];
  ended = [];
  wake = () => undefined;
});

afterEach(async () => {
  fleet?.kill();
  await fleet?.leave();
  fleet = undefined;
  await rm(folder, { recursive: true });
});

/** Starts real processes of a program in place of the worker. */
async function start(program: string, changes: Partial<FleetOptions> = {}): Promise<WorkerFleet> {
  const mainFile = join(folder, 'worker.mjs');
  await writeFile(mainFile, program);
  fleet = new WorkerFleet({
    mainFile,
    address: '127.0.0.1:1',
    workers: 1,
    threads: 2,
    sideBySide: 'auto',
    graceS: 3,
    env: process.env,
    verbose: false,
    onLine: (worker, line) => {
      lines.push([worker, line]);
      wake();
    },
    onEnded: (pid) => ended.push(pid),
    onReplaced: (_, how) => replaced.push(how),
    ...changes,
  });
  return fleet;
}

async function said(count: number): Promise<string[]> {
  while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
  return lines.map(([, line]) => line);
}

/** Says its pid and waits. */
const WAITS = `process.stderr.write(process.pid + '\\n'); setInterval(() => {}, 1000);`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the worker processes of run', () => {
  it('are told where the coordinator is and what they may use', async () => {
    const program = `process.stderr.write(JSON.stringify(process.argv.slice(2)) + '\\n'); setInterval(() => {}, 1000);`;
    await start(program, { kernel: 'reference', dataDir: '/data' });
    expect(JSON.parse((await said(1))[0] ?? '')).toEqual(
      'worker --coordinator 127.0.0.1:1 --threads 2 --side-by-side auto --grace 3 --kernel reference --data-dir /data --quiet'.split(
        ' ',
      ),
    );
  });

  it('are in process groups of their own', async () => {
    await start(WAITS);
    const pid = Number((await said(1))[0]);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect(Number(group)).toBe(pid);
  });

  it('are given up with their last words when they keep saying no', async () => {
    const { lost } = await start(`console.error('first'); console.error('no kernel here'); process.exitCode = 1;`);
    const error = await lost;
    expect(error.code).toBe('WORKERS_LOST');
    expect(error.message).toBe(
      '3 worker processes ended without finishing a trial; the last one ended with exit code 1',
    );
    expect(error.lastWords).toEqual(['first', 'no kernel here']);
    expect(replaced).toEqual(['ended with exit code 1', 'ended with exit code 1']);
  });

  it('may be killed more often than a trial may lose its worker', async () => {
    const { lost } = await start(`process.kill(process.pid, 'SIGKILL');`);
    const error = await lost;
    expect(error.message).toContain('14 worker processes ended');
    expect(error.message).toContain('was killed by SIGKILL');
    expect(error.lastWords).toEqual([]);
    expect(replaced).toHaveLength(13);
  });

  it('are forgiven their deaths by a trial that finishes', async () => {
    const running = await start(`console.error('hello'); process.exitCode = 1;`, {
      onReplaced: (_, how) => {
        replaced.push(how);
        if (replaced.length <= 5) running.progressed(replaced.length);
      },
    });
    await running.lost;
    expect(replaced).toHaveLength(7);
  });

  it('end by SIGTERM when they drain', async () => {
    const program = `process.on('SIGTERM', () => { console.error('draining'); process.exit(0); }); ${WAITS}`;
    const draining = await start(program, { workers: 2 });
    const pids = (await said(2)).map(Number);
    await draining.drain();
    expect(lines.map(([, line]) => line).filter((line) => line === 'draining')).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(replaced).toEqual([]);
    expect(new Set(ended)).toEqual(new Set(pids));
  });

  it('are killed when they do not leave in time', async () => {
    const stubborn = await start(`process.on('SIGTERM', () => {}); ${WAITS}`);
    const [pid] = (await said(1)).map(Number);
    await stubborn.leave(10);
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  it('that the system cannot start are each replaced once', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-node');
    try {
      const { lost } = await start(WAITS);
      expect((await lost).message).toContain('3 worker processes ended');
      expect((await lost).lastWords.join()).toMatch(/ENOENT/);
      expect(replaced).toEqual(['could not be started', 'could not be started']);
      expect(ended).toEqual([]);
    } finally {
      process.execPath = execPath;
    }
  });

  it('that cannot be started are given up', async () => {
    const { lost } = await start(WAITS, { env: { ...process.env, NODE_OPTIONS: '--no-such-option' } });
    expect((await lost).lastWords.join()).toContain('--no-such-option');
  });
});
