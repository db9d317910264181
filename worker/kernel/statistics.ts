import type { Normalisation } from '../trainers/trainer.js';
import type { RecordsRegion } from './kernel.js';

/** The sums are read and written once for so many: half the time. */
const RECORDS_AT_ONCE = 4;

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
  const whole = count - (count % RECORDS_AT_ONCE);
  for (let first = 0; first < whole * inputs; first += RECORDS_AT_ONCE * inputs) {
    for (let k = first, input = 0; input < inputs; k++, input++) {
      const a = images[k] as number;
      const b = images[k + inputs] as number;
      const c = images[k + 2 * inputs] as number;
      const d = images[k + 3 * inputs] as number;
      sums[input] = (sums[input] as number) + (a + b + c + d);
      squares[input] = (squares[input] as number) + (a * a + b * b + c * c + d * d);
    }
  }
  for (let k = whole * inputs; k < images.length; k++) {
    const byte = images[k] as number;
    sums[k % inputs] = (sums[k % inputs] as number) + byte;
    squares[k % inputs] = (squares[k % inputs] as number) + byte * byte;
  }
  const mean = sums.map((sum) => sum / count);
  const deviation = squares.map((square, k) => {
    const sum = BigInt(sums[k] as number);
    const spread = BigInt(count) * BigInt(square) - sum * sum;
    return spread === 0n ? 1 : Math.sqrt(Number(spread)) / count;
  });
  return { mean, deviation };
}
