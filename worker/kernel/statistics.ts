import type { Normalisation } from '../trainers/trainer.js';
import type { RecordsRegion } from './kernel.js';

/**
 * Mean and deviation of each input over the first `count` records, in units of a byte; the deviation is 1 where the records
 * do not differ.
 *
 * The sums S of the bytes and Q of their squares are whole numbers, and exact: mean = S / n, and
 * deviation = sqrt(n Q - S^2) / n, where n Q - S^2 is exact as well and rounded once to float64.
 *
 * @param count at least 1
 */
export function recordStatistics(memory: WebAssembly.Memory, records: RecordsRegion, count: number): Normalisation {
  const { inputs } = records;
  const images = new Uint8Array(memory.buffer, records.images.offset, count * inputs);
  // Exact up to 2^53: squares of bytes of 10^11 records.
  const sums = new Float64Array(inputs);
  const squares = new Float64Array(inputs);
  for (let first = 0; first < images.length; first += inputs) {
    for (let k = 0; k < inputs; k++) {
      const byte = images[first + k] as number;
      sums[k] = (sums[k] as number) + byte;
      squares[k] = (squares[k] as number) + byte * byte;
    }
  }
  const mean = sums.map((sum) => sum / count);
  const deviation = squares.map((square, k) => {
    const sum = BigInt(sums[k] as number);
    const spread = BigInt(count) * BigInt(square) - sum * sum;
    return spread === 0n ? 1 : Math.sqrt(Number(spread)) / count;
  });
  return { mean, deviation };
}
