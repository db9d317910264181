import type { Problem } from '../../proto/errors.js';
import { displayWidth } from '../report/format.js';

/** The width that output is made for. */
const COLUMNS = 80;
/** Of a long line, what is shown before the place of the mistake. */
const BEFORE = 30;

/**
 * A search file's mistakes as compilers tell them: file:line:column: message [rule], the line with a mark at the place, the
 * mend. Lines are at most 80 columns wide, but for file names longer than that.
 *
 * @param text the file's text; without it no lines are shown
 */
export function formatProblems(fileName: string, text: string | undefined, problems: readonly Problem[]): string {
  const lines = text?.replace(/^\uFEFF/, '').split('\n') ?? [];
  return problems
    .map(({ rule, message, line, column, suggestion }) => {
      const place = [fileName, ...(line === undefined ? [] : [line]), ...(column === undefined ? [] : [column])].join(
        ':',
      );
      const source = line === undefined ? undefined : lines[line - 1];
      return [
        fold(`${place}: ${message} [${rule}]`, '', '  '),
        ...(source === undefined || line === undefined ? [] : excerpt(source, line, column ?? 1)),
        ...(suggestion === undefined ? [] : [fold(`-> ${suggestion}`, '  ', '     ')]),
      ].join('\n');
    })
    .join('\n');
}

/** Lines of at most COLUMNS, broken between words. Nothing is cut: a name must stay whole to be found. */
function fold(text: string, indent: string, further: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of flat(text).split(' ')) {
    const start = lines.length === 0 ? indent : further;
    if (line === '') line = start + word;
    else if (displayWidth(line) + 1 + displayWidth(word) <= COLUMNS) line += ` ${word}`;
    else {
      lines.push(line);
      line = further + word;
    }
  }
  return [...lines, line].join('\n');
}

/** The line, cut where it is long, and a mark below the column. */
function excerpt(source: string, line: number, column: number): string[] {
  const margin = ' '.repeat(String(line).length);
  const room = COLUMNS - margin.length - '   | '.length;
  const at = Math.min(column - 1, source.length);
  // A long line is shown from BEFORE columns before the place on, but never less of it than there is room for.
  const start = displayWidth(flat(source)) > room ? Math.max(0, Math.min(at - BEFORE, source.length - room + 1)) : 0;
  const prefix = start > 0 ? '…' : '';
  let shown = '';
  for (const character of flat(source.slice(start))) {
    if (displayWidth(prefix + shown + character) > room) break;
    shown += character;
  }
  const mark = ' '.repeat(displayWidth(prefix + flat(source.slice(start, at))));
  return [`  ${line} | ${prefix}${shown.trimEnd()}`, `  ${margin} | ${mark}^`];
}

/** Tabs and control characters as one space each: the mark stays below its column, and no file writes to the terminal. */
function flat(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, ' ');
}
