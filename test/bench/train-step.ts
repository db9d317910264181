import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KERNEL_NAMES } from '../../worker/kernel/kernel.js';
import { measureTrainStep } from '../../worker/kernel/measure.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { loadKernel } from '../../worker/kernel/select.js';

/*
 * Milliseconds per update step of a 3072-50-10 network, mini-batch 100, gathering included, on one core: every backend,
 * and where VERNIER_BENCH_PEERS names their folder, the same step in NumPy and PyTorch in the same run. JSON on stdout.
 *
 * usage: npx tsx test/bench/train-step.ts [MILLISECONDS PER BACKEND]
 */

/** Multiply-adds of the step's two large products, as operations. */
const FLOP = 2 * 2 * 100 * 3072 * 50;

/** The peers at their best: the right core type, and no pages given back between steps. */
function peers(): Record<string, unknown> | undefined {
  const folder = process.env['VERNIER_BENCH_PEERS'];
  if (folder === undefined) return undefined;
  const avx512 = readFileSync('/proc/cpuinfo', 'utf8').includes('avx512');
  const output = execFileSync(
    process.env['VERNIER_TEST_PYTHON'] ?? '/usr/bin/python3',
    [join(folder, 'train_step.py')],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        ...(avx512 ? { OPENBLAS_CORETYPE: 'SKYLAKEX' } : {}),
        MALLOC_MMAP_THRESHOLD_: '268435456',
        MALLOC_TOP_PAD_: '67108864',
      },
    },
  );
  return JSON.parse(output) as Record<string, unknown>;
}

async function main(): Promise<void> {
  const budgetMs = Number(process.argv[2] ?? 3000);
  const kernels: Record<string, object> = {};
  let fastestMs = Infinity;
  for (const name of KERNEL_NAMES) {
    const memory = new NodeMemory();
    const { kernel } = await loadKernel(name, memory.memory);
    const { medianMs, minMs, steps } = measureTrainStep(kernel, memory, budgetMs);
    fastestMs = Math.min(fastestMs, medianMs);
    kernels[name] = { medianMs, minMs, steps, gflops: FLOP / medianMs / 1e6 };
  }
  const measured = peers();
  const ratios =
    measured === undefined
      ? undefined
      : Object.fromEntries(
          ['torch', 'numpy'].map((peer) => [`oursOver_${peer}`, fastestMs / Number(measured[`${peer}_ms`])]),
        );
  console.log(JSON.stringify({ shape: '3072-50-10', batch: 100, kernels, peers: measured, ratios }));
}

await main();
