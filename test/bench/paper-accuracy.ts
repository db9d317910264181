/**
 * The paper's whole lambda search on the real CIFAR-10, once for each seed: best validation accuracy of the fine round
 * and test accuracy of the final one. Every seed that was asked for is printed. One JSON object.
 *
 * usage: npx tsx test/bench/paper-accuracy.ts [SEED ...]     (default 42 1 2 3 4 5; after npm run build)
 * needs: CIFAR-10 in the data folder (vernier data fetch cifar10)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../../proto/package-root.js';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { timed } from './measure.js';
import { bestOf } from '../support/search-results.js';

const seeds = process.argv.length > 2 ? process.argv.slice(2) : ['42', '1', '2', '3', '4', '5'];
const file = packageFile('configs/cifar10-lambda.yaml');
const scratch = mkdtempSync(join(tmpdir(), 'vernier-bench-'));

try {
  const rows = [];
  for (const seed of seeds) {
    const args = ['run', file, '--seed', seed, '--store', join(scratch, 'store.db'), '--json'];
    const { stdout, seconds } = await timed('node', [packageFile('dist/main.js'), ...args]);
    const result = JSON.parse(stdout) as SearchJson;
    rows.push({
      seed: Number(seed),
      fineValidation: bestOf(result, 'fine', 'val_accuracy'),
      finalTest: bestOf(result, 'final', 'test_accuracy'),
      best: result.best?.parameters,
      seconds: Math.round(seconds * 10) / 10,
      resultDigest: result.resultDigest,
    });
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(
    JSON.stringify({
      seeds: rows,
      meanFineValidation: mean(rows.map(({ fineValidation }) => fineValidation)),
      meanFinalTest: mean(rows.map(({ finalTest }) => finalTest)),
    }),
  );
} finally {
  rmSync(scratch, { recursive: true });
}
