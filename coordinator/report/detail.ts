import type { Metric } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';

/** What every search's answer holds, although the wire could leave it out. */

/** @throws VernierError PROTOCOL_VIOLATION */
export function summaryOf({ search }: Pick<SearchDetail__Output, 'search'>): SearchSummary__Output {
  if (search === null) throw violation('no summary');
  return search;
}

/**
 * The metric that the search ranks by, out of its resolved specification.
 *
 * @throws VernierError PROTOCOL_VIOLATION
 */
export function metricOf({ specJson }: Pick<SearchDetail__Output, 'specJson'>): Metric {
  let spec: unknown;
  try {
    spec = JSON.parse(specJson);
  } catch {
    throw violation(`a specification that is no JSON: ${JSON.stringify(specJson.slice(0, 40))}`);
  }
  const metric = (spec as { metric?: Partial<Metric> } | null)?.metric;
  if (typeof metric?.name !== 'string' || (metric.goal !== 'minimize' && metric.goal !== 'maximize')) {
    throw violation('a specification without a metric');
  }
  return { name: metric.name, goal: metric.goal };
}

function violation(what: string): VernierError {
  return new VernierError('PROTOCOL_VIOLATION', `the coordinator's answer about a search holds ${what}`, {
    mend: 'run the same version of vernier on both sides',
  });
}
