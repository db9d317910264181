import type { RecordsRegion } from '../kernel/kernel.js';

/** The records at rows[first .. first + batch size). */
interface MiniBatch {
  records: RecordsRegion;
  rows: Uint32Array;
  first: number;
}

/** An epoch's mini-batches (epoch from 1), by their number from 0. Each is valid until the next is asked for. */
export type MiniBatches = (epoch: number) => (batch: number) => MiniBatch;

/** Mini-batches of records as they are, in the order of each epoch. */
export function plainMiniBatches(
  records: RecordsRegion,
  batchSize: number,
  batchOrder: (epoch: number) => Uint32Array,
): MiniBatches {
  return (epoch) => {
    const rows = batchOrder(epoch);
    return (batch) => ({ records, rows, first: batch * batchSize });
  };
}
