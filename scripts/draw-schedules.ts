/**
 * Draws the pictures of docs/schedules.md by `vernier plot-schedule`, from the examples beside them. After a build:
 *
 *   npx tsx scripts/draw-schedules.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scheduleExamples } from './schedule-examples.js';

const checkout = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'vernier-schedules-'));
try {
  for (const { picture, file } of scheduleExamples(readFileSync(join(checkout, 'docs/schedules.md'), 'utf8'))) {
    const search = join(folder, 'search.yaml');
    writeFileSync(search, file);
    const output = join(checkout, 'docs', picture);
    const args = [join(checkout, 'dist/main.js'), 'plot-schedule', search, '--output', output];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${picture} was not drawn`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
