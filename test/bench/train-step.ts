/**
 * Milliseconds per update step of the paper's network (3072-50-10, mini-batch 100, float32), gathering included: every backend,
 * one trial and several side by side, on one core and with both busy; where VERNIER_BENCH_PEERS names their folder, the
 * same step in NumPy and PyTorch in the same run, before and after ours, the better of the two counting. One JSON object.
 *
 * usage: npx tsx test/bench/train-step.ts [MILLISECONDS PER FIGURE]     (default 2000; after npm run build)
 * needs: for the peers python3-numpy, python3-torch
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { BACKENDS, type Backend } from '../support/backends.js';
import { PYTHON } from '../support/python.js';
import { machine, timed, type Spread } from './measure.js';
import { peerEnvironment, peerFile } from './peers.js';
import { evaluationFlop, paperShape, productFlop, timeEvaluation, timeSteps } from './steps.js';

const SIDE_BY_SIDE = [1, 2, 3, 4, 6, 8];
const BUSY_SIDE_BY_SIDE = [1, 4];
const CORES = 2;

interface Peers {
  torch_ms: number;
  numpy_ms: number;
}

async function peers(): Promise<Peers | undefined> {
  const file = peerFile('train_step.py');
  if (file === undefined) return undefined;
  return JSON.parse((await timed(PYTHON, [file], peerEnvironment())).stdout) as Peers;
}

/** Milliseconds per step and trial. */
function perTrial(backend: string, width: number, budgetMs: number): Spread {
  const found = BACKENDS.find(({ label }) => label === backend);
  if (found === undefined) throw new Error(`this machine has no backend ${backend}`);
  const memory = new NodeMemory();
  const shapes = Array.from({ length: width }, () => paperShape());
  const { min, median, max } = timeSteps(found.open(memory.memory), memory, shapes, budgetMs);
  return { min: min / width, median: median / width, max: max / width };
}

/** The same, while the other cores do the same; the slowest of them counts. */
async function whileAllAreBusy(backend: string, width: number, budgetMs: number): Promise<number> {
  const args = ['--import', 'tsx', fileURLToPath(import.meta.url), String(budgetMs), backend, String(width)];
  const runs = await Promise.all(Array.from({ length: CORES }, () => promisify(execFile)(process.execPath, args)));
  return Math.max(...runs.map(({ stdout }) => (JSON.parse(stdout) as Spread).median));
}

/** Milliseconds per 10,000 records, and the rate of their products. */
function evaluation(open: Backend['open'], budgetMs: number): object {
  const memory = new NodeMemory();
  const { median } = timeEvaluation(open(memory.memory), memory, paperShape(), budgetMs);
  return { median, gflops: Math.round(evaluationFlop(paperShape()) / median / 1e5) / 10 };
}

async function main(budgetMs: number): Promise<void> {
  const before = await peers();
  const backends: Record<string, object> = {};
  for (const { label, open } of BACKENDS) {
    const oneCore: Record<number, Spread> = {};
    for (const width of label === 'reference' ? [1] : SIDE_BY_SIDE) oneCore[width] = perTrial(label, width, budgetMs);
    const bothBusy: Record<number, number> = {};
    for (const width of label === 'reference' ? [] : BUSY_SIDE_BY_SIDE) {
      bothBusy[width] = await whileAllAreBusy(label, width, budgetMs);
    }
    backends[label] = {
      oneCore,
      bothBusy,
      ...(label === 'reference' ? {} : { evaluation: evaluation(open, budgetMs) }),
    };
  }
  const after = await peers();
  const best = before &&
    after && {
      torch: Math.min(before.torch_ms, after.torch_ms),
      numpy: Math.min(before.numpy_ms, after.numpy_ms),
    };
  console.log(
    JSON.stringify({
      machine: machine(),
      work: 'one update step of 3072-50-10, batch 100, float32; milliseconds per step and trial, by trials side by side',
      productFlop: productFlop(paperShape()),
      backends,
      peers: best,
    }),
  );
}

const [budget = '2000', backend, width] = process.argv.slice(2);
if (backend === undefined) await main(Number(budget));
else console.log(JSON.stringify(perTrial(backend, Number(width), Number(budget))));
