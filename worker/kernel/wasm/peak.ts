import { NodeMemory } from '../memory.js';
import type { Precision } from '../kernel.js';
import { bytesPerValue } from '../workspace.js';
import { compileWasmKernel, instantiate } from './module.js';

/** Vectors' operations of a turn: assembly/peak.ts. */
const OPERATIONS = 24;
/** A fraction of a millisecond: a run that nothing interrupts is among few. */
const TURNS = 50_000;
const VECTOR_BYTES = 16;

/**
 * The operations a second (rounded multiplications and additions, as many of each) that vectors of 128 bits allow: what the
 * kernel's products are measured against.
 *
 * @param milliseconds how long to go on; the best of many short runs counts
 */
export function multiplyAddPeak(precision: Precision, milliseconds: number): number {
  const exports = instantiate(compileWasmKernel(), new NodeMemory().memory);
  const isSingle = precision === 'float32';
  const run = () => (isSingle ? exports.multiplyAddPeak32(TURNS, 1) : exports.multiplyAddPeak64(TURNS, 1));
  let shortestMs = Infinity;
  /* oxlint-disable no-restricted-globals -- speed is what this measures; no result knows of it */
  const begin = performance.now();
  for (let start = begin; start - begin < milliseconds;) {
    run();
    const end = performance.now();
    shortestMs = Math.min(shortestMs, end - start);
    start = end;
  }
  /* oxlint-enable no-restricted-globals */
  return (TURNS * OPERATIONS * (VECTOR_BYTES / bytesPerValue(precision)) * 1000) / shortestMs;
}
