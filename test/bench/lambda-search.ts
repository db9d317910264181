/**
 * The paper's coarse and fine lambda search as whole commands, ours beside the program that a user of Optuna and PyTorch
 * would write, in turn on the same two cores. Prints one JSON object.
 *
 * usage: npx tsx test/bench/lambda-search.ts [PAIRS]     (default 3; after npm run build)
 * needs: CIFAR-10 in the data folder (vernier data fetch cifar10); VERNIER_BENCH_PEERS, the folder of
 *   lambda_search_optuna_torch.py, or ours runs alone; python3-numpy, python3-torch, python3-optuna
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { packageFile } from '../../proto/package-root.js';
import { dataFolder } from '../../worker/datasets/folder.js';
import { ratios, spread, timed } from './measure.js';
import { peerEnvironment, peerFile } from './peers.js';
import { PYTHON } from '../support/python.js';

const WORKERS = 2;
const pairs = Number(process.argv[2] ?? 3);
const peer = peerFile('lambda_search_optuna_torch.py');
const cifar = join(dataFolder(process.env), 'cifar10');
const scratch = mkdtempSync(join(tmpdir(), 'vernier-bench-'));

/** The shipped search without its last round, which the peer does not have. */
function coarseAndFine(): string {
  const document = parseDocument(readFileSync(packageFile('configs/cifar10-lambda.yaml'), 'utf8'));
  document.deleteIn(['rounds', 2]);
  const path = join(scratch, 'coarse-and-fine.yaml');
  writeFileSync(path, String(document));
  return path;
}

const file = coarseAndFine();
const ours: number[] = [];
const theirs: number[] = [];
const peaks: number[] = [];
try {
  for (let pair = 0; pair < pairs; pair++) {
    const store = join(scratch, `store-${pair}.db`);
    const main = packageFile('dist/main.js');
    const run = await timed('node', [main, 'run', file, '--threads', String(WORKERS), '--store', store, '--json']);
    ours.push(run.seconds);
    peaks.push(run.childPeakMb);
    if (peer !== undefined) {
      theirs.push((await timed(PYTHON, [peer, cifar, String(WORKERS)], peerEnvironment())).seconds);
    }
  }
  console.log(
    JSON.stringify({
      machine: { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version },
      work: 'CIFAR-10, 45,000 / 5,000 records, 3072-50-10, batch 100: 8 trials of 2 cycles, then 11 of 4; start-up included',
      vernierSeconds: spread(ours),
      workerNodePeakMb: spread(peaks),
      ...(theirs.length === 0 ? {} : { peerSeconds: spread(theirs), ratio: spread(ratios(ours, theirs)) }),
    }),
  );
} finally {
  rmSync(scratch, { recursive: true });
}
