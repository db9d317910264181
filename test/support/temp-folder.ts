import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that goes when the file's (or describe's) tests are done. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vernier-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
