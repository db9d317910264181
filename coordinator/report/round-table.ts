import Table from 'cli-table3';
import type { Metric, TrialState } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import { clip, counted, displayWidth, formatMetric, formatNumber, formatParameter, printable, wrap } from './format.js';
import { roundRows, type ConfigurationRow, type RoundRows } from './round-rows.js';

/** The width that output is made for; wider terminals get no wider tables. */
export const TEXT_COLUMNS = 80;
/** Narrower than this, a column of parameters says nothing: the columns beside it are dropped instead. */
const MIN_PARAMETERS_COLUMNS = 24;
/** Between columns, and before the first. */
const GAP = '  ';

export interface Column {
  head: string;
  cells: string[];
  align: 'left' | 'right';
}

/** A round's table as lines of at most `columns` characters: what it is, its interval, its best trials. */
export function roundTable(round: RoundDetail__Output, metric: Metric, columns = TEXT_COLUMNS): string {
  return renderRound(roundRows(round, metric), columns);
}

function renderRound(rows: RoundRows, columns = TEXT_COLUMNS): string {
  const lines = [wrap(headline(rows), columns, GAP)];
  const intervals = Object.entries(rows.interval).sort(([a], [b]) => (a < b ? -1 : 1));
  if (intervals.length > 0) {
    const drawn = intervals.map(
      ([name, { min, max }]) => `${printable(name)} ${formatNumber(min)} to ${formatNumber(max)}`,
    );
    lines.push(wrap(`drawn from ${drawn.join(', ')}`, columns, GAP));
  }
  lines.push(rows.best.length === 0 ? wrap(nothingRanked(rows), columns, GAP) : table(rows, columns));
  // A last resort for terminals too narrow for any table.
  return lines
    .join('\n')
    .split('\n')
    .map((line) => clip(line, columns))
    .join('\n');
}

function headline({ index, name, method, trialsTotal, states, open }: RoundRows): string {
  const how = method === 'none' ? 'carried only' : printable(method);
  return `Round ${index + 1}, ${printable(name)} (${how}): ${counted(trialsTotal, 'trial')}${tally(states, trialsTotal, open)}`;
}

/** States in the order in which a reader wants them. */
const STATE_ORDER: readonly TrialState[] = [
  'completed',
  'diverged',
  'pruned',
  'failed',
  'cancelled',
  'leased',
  'pending',
];
const STATE_WORDS: Partial<Record<TrialState, string>> = { leased: 'running', pending: 'waiting' };

/** ", 7 completed, 1 diverged"; nothing where all have completed, which is what is expected. */
function tally(states: RoundRows['states'], trialsTotal: number, open: boolean): string {
  if (!open && states.completed === trialsTotal) return '';
  return STATE_ORDER.flatMap((state) => {
    const count = states[state] ?? 0;
    return count === 0 ? [] : [`, ${count} ${STATE_WORDS[state] ?? state}`];
  }).join('');
}

function nothingRanked({ open, metric }: RoundRows): string {
  return `no trial has ${open ? 'a' : 'a finite'} ${metric.name}${open ? ' yet' : ''}`;
}

/** One column a parameter where that fits, else one column of all parameters, broken between them. */
function table(rows: RoundRows, columns: number): string {
  const fixed = fixedColumns(rows);
  const names = [...new Set(rows.best.flatMap(({ parameters }) => Object.keys(parameters)))].sort();
  const single = [...fixed, ...names.map((name) => parameterColumn(rows.best, name))];
  if (totalWidth(single) <= columns) return drawColumns(single);

  // From the right: the test accuracy is the first to go, the trial number the last.
  while (fixed.length > 1 && columns - totalWidth(fixed) - GAP.length < MIN_PARAMETERS_COLUMNS) fixed.pop();
  const width = Math.max(1, columns - totalWidth(fixed) - GAP.length);
  const cells = rows.best.map(({ parameters }) => wrap(assignments(parameters), width));
  return drawColumns([...fixed, { head: 'parameters', cells, align: 'left' }]);
}

/** "lambda=1.783e-3 hidden=50", by name. */
export function assignments(parameters: ConfigurationRow['parameters']): string {
  return Object.entries(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${printable(name)}=${formatParameter(value)}`)
    .join(' ');
}

function fixedColumns({ best, metric }: RoundRows): Column[] {
  const columns: Column[] = [
    {
      head: best.some(({ numbers }) => numbers.length > 1) ? 'trials' : 'trial',
      cells: best.map(label),
      align: 'left',
    },
    {
      head: printable(metric.name),
      cells: best.map(({ score }) => formatMetric(metric.name, score)),
      align: 'right',
    },
  ];
  if (metric.name !== 'test_accuracy' && best.some(({ testAccuracy }) => testAccuracy !== undefined)) {
    const cells = best.map(({ testAccuracy }) =>
      testAccuracy === undefined ? '' : formatMetric('test_accuracy', testAccuracy),
    );
    columns.push({ head: 'test_accuracy', cells, align: 'right' });
  }
  return columns;
}

/** "12", "12-14" for repeats (which are neighbours), "12 (from 3)" for a carried one. */
function label({ numbers, carriedFrom }: ConfigurationRow): string {
  const [first = 0] = numbers;
  const last = numbers.at(-1) ?? first;
  const own = first === last ? String(first) : `${first}-${last}`;
  return carriedFrom === 0 ? own : `${own} (from ${carriedFrom})`;
}

function parameterColumn(best: readonly ConfigurationRow[], name: string): Column {
  const cells = best.map(({ parameters }) => {
    const value = parameters[name];
    return value === undefined ? '' : formatParameter(value);
  });
  return { head: printable(name), cells, align: 'left' };
}

function contentWidth({ head, cells }: Column): number {
  const lines = [head, ...cells].flatMap((cell) => cell.split('\n'));
  return Math.max(...lines.map(displayWidth));
}

export function totalWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + contentWidth(column) + GAP.length, 0);
}

const WITHOUT_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: GAP,
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

export function drawColumns(columns: readonly Column[]): string {
  const drawn = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    // No colours: they belong to the terminal, and this text goes into files too.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: WITHOUT_LINES,
  });
  const height = columns[0]?.cells.length ?? 0;
  for (let row = 0; row < height; row++) drawn.push(columns.map(({ cells }) => cells[row] ?? ''));
  return drawn.toString().replaceAll(/ +$/gm, '');
}
