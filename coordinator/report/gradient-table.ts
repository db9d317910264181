import type { Metrics } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { deviationMetric, type Deviation, type Difference } from '../../proto/trainers/gradient-check.js';
import { metricsFromWire, parametersFromWire } from '../../proto/wire.js';
import { counted, formatNumber, printable, wrap } from './format.js';
import { assignments, drawColumns, TEXT_COLUMNS, totalWidth, type Column } from './round-table.js';

/** More trials of a round than these are not listed tensor by tensor. */
const MOST_TABLES = 8;

/**
 * The largest relative error of central differences up to which the gradients count as the same. Honest ones lie below 1e-4 even where
 * a gradient is so small that rounding in the cost is all that is left; a wrong sign, factor or product gives 1e-2 to 1.
 */
const AGREEMENT = 1e-3;

/** Whether the round's trials are gradient checks, as far as they have ended. */
export function hasGradientChecks({ trials }: RoundDetail__Output): boolean {
  return trials.some((trial) => tensorsOf(metricsFromWire(trial.metrics)).length > 0);
}

/** What a round's gradient checks found, tensor by tensor; empty when it has none. Lines of at most `columns` characters. */
export function gradientTables({ trials }: RoundDetail__Output, columns = TEXT_COLUMNS): string[] {
  const checked = trials.filter((trial) => tensorsOf(metricsFromWire(trial.metrics)).length > 0);
  const tables = checked.slice(0, MOST_TABLES).map((trial) => gradientTable(trial, columns));
  const left = checked.length - tables.length;
  return left > 0 ? [...tables, `and ${counted(left, 'more trial')}; --json lists all`] : tables;
}

function gradientTable(trial: TrialDetail__Output, columns: number): string {
  const metrics = metricsFromWire(trial.metrics);
  const parameters = assignments(parametersFromWire(trial.parameters));
  const which = [`Trial ${trial.number}: seed ${trial.seed}`, ...(parameters === '' ? [] : [parameters])];
  const cost = metrics['cost'];
  if (cost !== undefined) which.push(`cost ${formatNumber(cost)}`);
  return [
    wrap(which.join(', '), columns, '  '),
    drawColumns(fitting(tensorColumns(metrics), columns)),
    `  ${wrap(verdict(metrics), columns - 2).replaceAll('\n', '\n  ')}`,
  ].join('\n');
}

/** W1, b1, W2, ...: those that the metrics are of. */
function tensorsOf(metrics: Metrics): string[] {
  const tensors: string[] = [];
  for (let layer = 1; ; layer++) {
    const names = [`W${layer}`, `b${layer}`];
    if (!names.every((name) => deviationMetric('central', 'max_relative_error', name) in metrics)) return tensors;
    tensors.push(...names);
  }
}

/** First the paper's columns, |mean(analytic) - mean(numeric)| of both differences, then what tells more of the central ones. */
function tensorColumns(metrics: Metrics): Column[] {
  const tensors = tensorsOf(metrics);
  const column = (head: string, difference: Difference, deviation: Deviation): Column => ({
    head,
    cells: tensors.map((tensor) => inDigits(metrics[deviationMetric(difference, deviation, tensor)])),
    align: 'right',
  });
  return [
    { head: 'tensor', cells: tensors, align: 'left' },
    column('forward means', 'forward', 'mean_difference'),
    column('central means', 'central', 'mean_difference'),
    column('mean |a - n|', 'central', 'mean_absolute_difference'),
    column('max |a - n|', 'central', 'max_absolute_difference'),
    column('max relative', 'central', 'max_relative_error'),
  ];
}

/** Without the last columns where there is no room for them. */
function fitting(all: readonly Column[], columns: number): Column[] {
  const shown = [...all];
  while (shown.length > 1 && totalWidth(shown) > columns) shown.pop();
  return shown;
}

/** As the paper writes its numbers. */
function inDigits(value: number | undefined): string {
  return value === undefined ? '' : value.toExponential(3);
}

function verdict(metrics: Metrics): string {
  const errorOf = (tensor?: string): number => metrics[deviationMetric('central', 'max_relative_error', tensor)] ?? NaN;
  const worst = tensorsOf(metrics).reduce((a, b) => (errorOf(b) > errorOf(a) ? b : a));
  const error = errorOf(worst).toExponential(1);
  if (errorOf() <= AGREEMENT) return `analytic and central gradients agree to ${error} (${printable(worst)})`;
  return `analytic and central gradients differ by up to ${error} (${printable(worst)}): the gradient is wrong, or a ReLU bends within the step`;
}
