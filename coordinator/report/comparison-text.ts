import { formatCompared, formatDifference } from './comparison-format.js';
import { clip, displayWidth, printable } from './format.js';
import type { Comparison } from './papers/comparisons.js';

/** For the numbers' columns; the words have what is left of the line. */
const NUMBER_COLUMNS = 12;
const WORDS_COLUMNS = 42;

/** A paper's numbers beside ours, as a terminal shows them: a line each, of at most 80 columns. */
export function comparisonText(compared: readonly Comparison[]): string {
  const heads = line('', 'paper', 'this run', 'difference');
  const rows = compared.map(({ what, unit, paper, ours }) =>
    line(what, formatCompared(unit, paper), formatCompared(unit, ours), formatDifference(unit, paper, ours)),
  );
  return [heads, ...rows].join('\n');
}

function line(what: string, ...numbers: string[]): string {
  const words = clip(printable(what), WORDS_COLUMNS);
  const filled = words + ' '.repeat(WORDS_COLUMNS - displayWidth(words));
  return `${filled}${numbers.map((number) => number.padStart(NUMBER_COLUMNS)).join('')}`.trimEnd();
}
