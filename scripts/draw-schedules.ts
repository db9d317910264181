/**
 * Draws the pictures of docs/schedules.md by `vernier plot-schedule` and `vernier report`, from the examples beside them. After a build:
 *
 *   npx tsx scripts/draw-schedules.ts
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RANGE_TEST_PICTURE, rangeTestExample, scheduleExamples } from './schedule-examples.js';

const checkout = join(import.meta.dirname, '..');
const docs = join(checkout, 'docs');
const folder = mkdtempSync(join(tmpdir(), 'vernier-schedules-'));
const search = join(folder, 'search.yaml');

function vernier(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [join(checkout, 'dist/main.js'), ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`vernier ${args.join(' ')} ended with ${status}`);
}

try {
  const page = readFileSync(join(docs, 'schedules.md'), 'utf8');
  for (const { picture, file } of scheduleExamples(page)) {
    writeFileSync(search, file);
    vernier('plot-schedule', search, '--output', join(docs, picture));
  }
  writeFileSync(search, rangeTestExample(page));
  const store = ['--store', join(folder, 'searches.db')];
  vernier('run', search, ...store);
  vernier('report', ...store, '--output', join(folder, 'report'), '--format', 'svg');
  copyFileSync(join(folder, 'report/figure-1.svg'), join(docs, RANGE_TEST_PICTURE));
} finally {
  rmSync(folder, { recursive: true });
}
