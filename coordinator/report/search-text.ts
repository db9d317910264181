import type { BestTrial__Output } from '../../proto/generated/vernier/v1/BestTrial.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { metricsFromWire, parametersFromWire, searchStateFromWire } from '../../proto/wire.js';
import { metricOf, summaryOf } from './detail.js';
import { formatMetric, printable, wrap } from './format.js';
import { gradientTables } from './gradient-table.js';
import { assignments, roundTable, TEXT_COLUMNS } from './round-table.js';

/**
 * A search as its user reads it: every round's table, and those of its gradient checks, then the final line and the result digest.
 *
 * @throws VernierError PROTOCOL_VIOLATION when the answer lacks what every search has
 */
export function searchText(detail: SearchDetail__Output, columns = TEXT_COLUMNS): string {
  const metric = metricOf(detail);
  const rounds = detail.rounds.flatMap((round) => [
    roundTable(round, metric, columns),
    ...gradientTables(round, columns),
  ]);
  return [...rounds, finalText(detail, columns)].join('\n\n');
}

/** How the search ended, its best trial, its digest. */
export function finalText(detail: SearchDetail__Output, columns = TEXT_COLUMNS): string {
  const summary = summaryOf(detail);
  const state = searchStateFromWire(summary.state);
  const why = summary.message === '' ? '' : `: ${printable(summary.message)}`;
  const lines: string[] = [];
  // A completed search says so by its result.
  if (state !== 'completed' || why !== '') {
    lines.push(
      wrap(`Search ${printable(summary.name)} ${state === 'running' ? 'is running' : state}${why}`, columns, '  '),
    );
  }
  lines.push(wrap(bestLine(detail), columns, '  '));
  // Whole, however narrow the terminal: a part of it says nothing.
  if (detail.resultDigest !== '') lines.push(`Result digest ${detail.resultDigest}`);
  return lines.join('\n');
}

/** "Best: trial 20 of round final, val_accuracy 52.60 %, test_accuracy 52.10 %, lambda=1.783e-3". */
function bestLine(detail: SearchDetail__Output): string {
  const { best } = detail;
  const metric = metricOf(detail);
  if (best === null) return `Best: no trial has a finite ${metric.name}`;
  const repeats = best.repeats.length > 1 ? ` (mean of ${best.repeats.length} repeats)` : '';
  const parts = [
    `Best: trial ${best.number} of round ${printable(best.round)}`,
    `${metric.name} ${formatMetric(metric.name, best.score)}${repeats}`,
  ];
  const test = meanOverRepeats(detail, best, 'test_accuracy');
  if (test !== undefined && metric.name !== 'test_accuracy') {
    parts.push(`test_accuracy ${formatMetric('test_accuracy', test)}${repeats}`);
  }
  const parameters = assignments(parametersFromWire(best.parameters));
  return [...parts, ...(parameters === '' ? [] : [parameters])].join(', ');
}

/** Of the best trial. Like the score, no single repeat's value; undefined where a repeat has not got it. */
export function meanOverRepeats(
  { rounds }: Pick<SearchDetail__Output, 'rounds'>,
  best: BestTrial__Output,
  metric: string,
): number | undefined {
  const numbers = new Set(best.repeats);
  const repeats = rounds.flatMap(({ trials }) => trials.filter(({ number }) => numbers.has(number)));
  const metrics = repeats.length > 1 ? repeats.map((trial) => trial.metrics) : [best.metrics];
  let sum = 0;
  for (const values of metrics) {
    const value = metricsFromWire(values)[metric];
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum / metrics.length;
}
