import type { Metrics } from '../../proto/domain.js';
import type { Evaluation, RecordsRegion } from '../kernel/kernel.js';

/** Records first .. first + count of a region. */
export interface Part {
  records: RecordsRegion;
  first: number;
  count: number;
}

export type PartName = 'train' | 'val' | 'test';

/**
 * Cost, loss and accuracy over a part's `count` records: loss is the mean cross entropy, cost = loss + lambda * (sum of
 * squared weights), accuracy the share of records whose first largest score is their label's.
 */
export function partMetrics(
  name: PartName,
  count: number,
  { lossSum, correct }: Evaluation,
  lambda: number,
  squares: number,
): Metrics {
  const loss = lossSum / count;
  return {
    [`${name}_cost`]: loss + lambda * squares,
    [`${name}_loss`]: loss,
    [`${name}_accuracy`]: correct / count,
  };
}
