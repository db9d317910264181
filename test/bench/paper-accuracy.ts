/**
 * The paper's experiments on the real CIFAR-10, as whole commands. Every seed that was asked for is printed. One JSON object:
 *  - configurations 1 and 2 of the cyclical learning rate, once for each seed: test accuracies and their means;
 *  - the lambda search, once for each seed: best validation accuracy of the fine round, test accuracy of the best lambda;
 *  - the whole reproduction by one command with a store of its own: its time and every number beside the paper's.
 *
 * usage: npx tsx test/bench/paper-accuracy.ts [SEED ...]     (default 1 2 3 4 5; 42 is the reproduction's; after npm run build)
 * needs: CIFAR-10 in the data folder (vernier data fetch cifar10)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReproductionJson } from '../../coordinator/cli/reproduce.js';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { packageFile } from '../../proto/package-root.js';
import { machine, timed } from './measure.js';
import { bestOf } from '../support/search-results.js';

const seeds = process.argv.length > 2 ? process.argv.slice(2) : ['1', '2', '3', '4', '5'];
const scratch = mkdtempSync(join(tmpdir(), 'vernier-bench-'));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;

/** A shipped search by its seed, in a store that all of them share. */
async function search(file: string, seed: string): Promise<{ result: SearchJson; seconds: number }> {
  const args = ['run', packageFile(file), '--seed', seed, '--store', join(scratch, 'store.db'), '--json'];
  const { stdout, seconds } = await timed('node', [packageFile('dist/main.js'), ...args]);
  return { result: JSON.parse(stdout) as SearchJson, seconds: rounded(seconds) };
}

async function cyclical(file: string, paper: number): Promise<object> {
  const rows = [];
  for (const seed of seeds) {
    const { result, seconds } = await search(file, seed);
    const test = result.best?.metrics['test_accuracy'] ?? NaN;
    rows.push({ seed: Number(seed), test, seconds, resultDigest: result.resultDigest });
  }
  const meanTest = mean(rows.map(({ test }) => test));
  return { paper, meanTest, difference: meanTest - paper, seeds: rows };
}

async function lambda(): Promise<object> {
  const rows = [];
  for (const seed of seeds) {
    const { result, seconds } = await search('configs/paper/lambda-search.yaml', seed);
    rows.push({
      seed: Number(seed),
      fineValidation: bestOf(result, 'fine', 'val_accuracy'),
      bestLambdaTest: bestOf(result, 'best-lambda', 'test_accuracy'),
      best: result.best?.parameters,
      seconds,
      resultDigest: result.resultDigest,
    });
  }
  return {
    meanFineValidation: mean(rows.map(({ fineValidation }) => fineValidation)),
    meanBestLambdaTest: mean(rows.map(({ bestLambdaTest }) => bestLambdaTest)),
    seeds: rows,
  };
}

async function reproduction(): Promise<object> {
  const args = ['reproduce', 'garcia-sanz-2020', '--output', join(scratch, 'report'), '--json'];
  const command = [packageFile('dist/main.js'), ...args, '--store', join(scratch, 'reproduction.db')];
  const { stdout, seconds, childPeakMb } = await timed('node', command);
  const { searches, comparisons } = JSON.parse(stdout) as ReproductionJson;
  return {
    seconds: rounded(seconds),
    childPeakMb: Math.round(childPeakMb),
    searches: searches.map(({ name, busyMs, resultDigest }) => ({
      name,
      seconds: rounded(busyMs / 1000),
      resultDigest,
    })),
    comparisons,
  };
}

try {
  const result = {
    machine: machine(),
    configuration1: await cyclical('configs/paper/cyclical-1.yaml', 0.4578),
    configuration2: await cyclical('configs/paper/cyclical-2.yaml', 0.4674),
    lambdaSearch: await lambda(),
    reproduction: await reproduction(),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(scratch, { recursive: true });
}
