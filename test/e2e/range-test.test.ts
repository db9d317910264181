import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { RANGE_TEST_PICTURE, rangeTestExample } from '../../scripts/schedule-examples.js';
import { packageFile } from '../../proto/package-root.js';
import { Sandbox } from '../support/sandbox.js';

/* A learning rate range test as docs/schedules.md tells it, run and reported. */

const sandbox = new Sandbox();
afterAll(() => sandbox.remove());

it('is run and reported with the figure that the page shows', async () => {
  const page = readFileSync(packageFile('docs/schedules.md'), 'utf8');
  const file = sandbox.file('range-test.yaml', rangeTestExample(page));
  const run = await sandbox.run(['run', file]);
  expect(run.code, run.stderr).toBe(0);
  const report = await sandbox.run(['report', '--output', 'report', '--format', 'svg,md']);
  expect(report.code, report.stderr).toBe(0);
  const written = (name: string): string => readFileSync(join(sandbox.folder, 'report', name), 'utf8');
  const shown = readFileSync(packageFile(join('docs', RANGE_TEST_PICTURE)), 'utf8');
  expect(written('figure-1.svg') === shown, 'figures have changed: npx tsx scripts/draw-schedules.ts').toBe(true);
  // Rates of the epochs' ends beside accuracies, those of the trial's last epoch, in which it diverged, among them.
  expect(written('report.md')).toMatch(/\| +1 \| +1\.761e-4 \| +4\.60 % \|\n/);
  expect(written('report.md')).toMatch(/\| +16 \| +0\.9905 \| +10\.00 % \|\n/);
}, 60_000);
