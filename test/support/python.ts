import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A Python 3; see docs/development.md. */
export const PYTHON = process.env['VERNIER_TEST_PYTHON'] ?? '/usr/bin/python3';

/** Whether there is a Python to check our output with; a test without it is skipped and says so. */
export const hasPython = existsSync(PYTHON);

/** Runs a program of the standard library and NumPy: `input` as JSON on its stdin, its stdout read as JSON. */
export function runPython(scriptFile: string, input: unknown, timeout = 50_000): unknown {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, ['-I', scriptFile], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${scriptFile} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
