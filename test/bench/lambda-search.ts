/**
 * The paper's coarse and fine lambda search as whole commands, beside the program that a user of Optuna and PyTorch would
 * write, in turn on the same two cores: ours with each fast backend, and with one thread. Prints one JSON object.
 *
 * usage: npx tsx test/bench/lambda-search.ts [ROUNDS] [THREADS ...]     (default 3, and 2 1; after npm run build)
 * needs: CIFAR-10 in the data folder (vernier data fetch cifar10); VERNIER_BENCH_PEERS, the folder of
 *   lambda_search_optuna_torch.py, or ours runs alone; python3-numpy, python3-torch, python3-optuna
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { packageFile } from '../../proto/package-root.js';
import { BACKENDS } from '../support/backends.js';
import { dataFolder } from '../../worker/datasets/folder.js';
import { machine, ratios, spread, timed } from './measure.js';
import { peerEnvironment, peerFile } from './peers.js';
import { PYTHON } from '../support/python.js';

const CORES = 2;
const rounds = Number(process.argv[2] ?? 3);
const threadCounts = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [CORES, 1];
const peer = peerFile('lambda_search_optuna_torch.py');
const cifar = join(dataFolder(process.env), 'cifar10');
const scratch = mkdtempSync(join(tmpdir(), 'vernier-bench-'));

/** The shipped search as far as the peer has it: without its last round, the validation accuracy taken once a trial. */
function coarseAndFine(): string {
  const document = parseDocument(readFileSync(packageFile('configs/paper/lambda-search.yaml'), 'utf8'));
  document.deleteIn(['rounds', 2]);
  document.setIn(['trial', 'evaluate'], { train: 'never', val: 'final' });
  const path = join(scratch, 'coarse-and-fine.yaml');
  writeFileSync(path, String(document));
  return path;
}

const kernels = ['wasm', 'native'].filter((kernel) => BACKENDS.some(({ name }) => name === kernel));
const settings = threadCounts.flatMap((threads) =>
  kernels.map((kernel) => ({ kernel, threads, seconds: [] as number[], peaks: [] as number[] })),
);
const theirs: number[] = [];
const file = coarseAndFine();
try {
  for (let round = 0; round < rounds; round++) {
    if (peer !== undefined) theirs.push((await timed(PYTHON, [peer, cifar, String(CORES)], peerEnvironment())).seconds);
    for (const { kernel, threads, seconds, peaks } of settings) {
      const store = join(scratch, `store-${round}-${kernel}-${threads}.db`);
      const args = ['run', file, '--threads', String(threads), '--kernel', kernel, '--store', store, '--json'];
      const run = await timed('node', [packageFile('dist/main.js'), ...args]);
      seconds.push(run.seconds);
      peaks.push(run.childPeakMb);
    }
  }
  console.log(
    JSON.stringify({
      machine: machine(),
      work: 'CIFAR-10, 45,000 / 5,000 records, 3072-50-10, batch 100: 8 trials of 2 cycles, then 11 of 4; start-up included',
      ours: settings.map(({ kernel, threads, seconds, peaks }) => ({
        kernel,
        threads,
        seconds: spread(seconds),
        workerNodePeakMb: spread(peaks),
        ...(theirs.length === 0 || threads < CORES ? {} : { ratioToPeer: spread(ratios(seconds, theirs)) }),
      })),
      ...(theirs.length === 0 ? {} : { peerSeconds: spread(theirs) }),
    }),
  );
} finally {
  rmSync(scratch, { recursive: true });
}
