import type { DatasetInfo } from '../../proto/datasets.js';
import type { RecordsRegion } from '../kernel/kernel.js';

/** A data set in the node's shared memory. */
export interface LoadedDataset {
  info: DatasetInfo;
  train: RecordsRegion;
  test: RecordsRegion;
}
