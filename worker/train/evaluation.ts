import type { Metrics } from '../../proto/domain.js';
import type { Evaluation, NetworkGroup, RecordsRegion } from '../kernel/kernel.js';

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
  group: NetworkGroup,
  name: PartName,
  part: Part,
  lambda: number,
  squares: number,
): Metrics {
  if (part.count === 0) return {};
  const { lossSum, correct } = group.evaluate(part.records, part.first, part.count, [0])[0] as Evaluation;
  const loss = lossSum / part.count;
  return {
    [`${name}_cost`]: loss + lambda * squares,
    [`${name}_loss`]: loss,
    [`${name}_accuracy`]: correct / part.count,
  };
}
