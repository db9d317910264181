import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** Whole processes timed from outside, and what is said of several such figures. */

/** What figures are told with. */
export function machine(): { processor: string | undefined; cores: number; node: string } {
  return { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
}

export interface Timed {
  seconds: number;
  stdout: string;
  /** Largest resident memory that any child process of the command reached, in MB (Linux; 0 elsewhere). */
  childPeakMb: number;
}

/** Often enough that a child's last reading is close to its end; the kernel keeps the peak itself. */
const SAMPLE_MS = 100;

/** Runs a command to its end. @throws Error when it fails */
export async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Timed> {
  const start = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let childPeakMb = 0;
  const sampler = setInterval(() => {
    if (child.pid !== undefined) childPeakMb = Math.max(childPeakMb, ...childPeaksMb(child.pid));
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => clearInterval(sampler));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stderr}`);
  return { seconds, stdout, childPeakMb };
}

/** VmHWM of the direct children of a process. */
function childPeaksMb(parent: number): number[] {
  const peaks: number[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (!status.includes(`\nPPid:\t${parent}\n`)) continue;
      peaks.push(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It ended meanwhile.
    }
  }
  return peaks;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
  return { min: round(sorted[0] ?? NaN), median: round(median), max: round(sorted.at(-1) ?? NaN) };
}

/** Pair by pair, so that a machine whose speed drifts does not favour either. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((seconds, pair) => seconds / (theirs[pair] ?? NaN));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
