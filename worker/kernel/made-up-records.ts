import type { RecordsRegion } from './kernel.js';
import type { NodeMemory } from './memory.js';

/**
 * Records for tests and measurements of a kernel: bytes that look like none in particular, multiples of 2^32 divided by the golden
 * ratio.
 *
 * @param distinct after so many the records repeat, which is faster than making them
 */
export function madeUpRecords(
  memory: NodeMemory,
  inputs: number,
  count: number,
  label: (record: number) => number,
  distinct = count,
): RecordsRegion {
  const records = { images: memory.allocate(count * inputs), labels: memory.allocate(count), records: count, inputs };
  const { buffer } = memory.memory;
  const images = new Uint8Array(buffer, records.images.offset, count * inputs);
  const made = distinct * inputs;
  for (let i = 0; i < made; i++) images[i] = Math.imul(i, 2_654_435_761) >>> 24;
  for (let done = made; done < images.length; done += made) images.copyWithin(done, 0, made);
  new Uint8Array(buffer, records.labels.offset, count).forEach((_, i, labels) => (labels[i] = label(i)));
  return records;
}
