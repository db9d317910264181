import { measureTrainStep } from '../../worker/kernel/measure.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { timed } from './measure.js';
import { peerEnvironment, peerFile } from './peers.js';
import { BACKENDS } from '../support/backends.js';
import { PYTHON } from '../support/python.js';

/*
 * Milliseconds per update step of a 3072-50-10 network, mini-batch 100, gathering included, on one core: every backend,
 * and where VERNIER_BENCH_PEERS names their folder, the same step in NumPy and PyTorch in the same run. JSON on stdout.
 *
 * usage: npx tsx test/bench/train-step.ts [MILLISECONDS PER BACKEND]
 */

/** Multiply-adds of the step's two large products, as operations. */
const FLOP = 2 * 2 * 100 * 3072 * 50;

async function peers(): Promise<Record<string, unknown> | undefined> {
  const file = peerFile('train_step.py');
  if (file === undefined) return undefined;
  const { stdout } = await timed(PYTHON, [file], peerEnvironment());
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function main(): Promise<void> {
  const budgetMs = Number(process.argv[2] ?? 3000);
  const kernels: Record<string, object> = {};
  let fastestMs = Infinity;
  for (const { label, open } of BACKENDS) {
    const memory = new NodeMemory();
    const { medianMs, minMs, steps } = measureTrainStep(open(memory.memory), memory, budgetMs);
    fastestMs = Math.min(fastestMs, medianMs);
    kernels[label] = { medianMs, minMs, steps, gflops: FLOP / medianMs / 1e6 };
  }
  const measured = await peers();
  const ratios =
    measured === undefined
      ? undefined
      : Object.fromEntries(
          ['torch', 'numpy'].map((peer) => [`oursOver_${peer}`, fastestMs / Number(measured[`${peer}_ms`])]),
        );
  console.log(JSON.stringify({ shape: '3072-50-10', batch: 100, kernels, peers: measured, ratios }));
}

await main();
