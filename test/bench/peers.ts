import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The rival programs (Python with NumPy, PyTorch, Optuna) that benchmarks run beside ours, at their best. */

const folder = process.env['VERNIER_BENCH_PEERS'];

/** A program's file; undefined where VERNIER_BENCH_PEERS does not name their folder. */
export function peerFile(name: string): string | undefined {
  return folder === undefined ? undefined : join(folder, name);
}

/** What makes them fastest: the processor told apart rightly, and the C library keeping its pages. */
export function peerEnvironment(): NodeJS.ProcessEnv {
  return {
    ...(readFileSync('/proc/cpuinfo', 'utf8').includes('avx512f') ? { OPENBLAS_CORETYPE: 'SKYLAKEX' } : {}),
    MALLOC_MMAP_THRESHOLD_: '268435456',
    MALLOC_TOP_PAD_: '67108864',
  };
}
