import type { Metrics } from '../../proto/domain.js';
import type { NetworkKernel, RecordsRegion } from '../kernel/kernel.js';

/** Records first .. first + count of a region. */
export interface Part {
  records: RecordsRegion;
  first: number;
  count: number;
}

export type PartName = 'train' | 'val' | 'test';

/**
 * Cost, loss and accuracy of the network as it is: loss is the mean cross entropy, cost = loss + lambda * (sum of
 * squared weights), accuracy the share of records whose first largest score is their label's. An empty part has none.
 */
export function evaluatePart(
  network: NetworkKernel,
  name: PartName,
  part: Part,
  lambda: number,
  squares: number,
): Metrics {
  if (part.count === 0) return {};
  const { lossSum, correct } = network.evaluate(part.records, part.first, part.count);
  const loss = lossSum / part.count;
  return {
    [`${name}_cost`]: loss + lambda * squares,
    [`${name}_loss`]: loss,
    [`${name}_accuracy`]: correct / part.count,
  };
}
