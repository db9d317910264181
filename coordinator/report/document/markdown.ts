import { printable } from '../format.js';
import {
  figureFile,
  inlines,
  plainText,
  type Block,
  type ReportDocument,
  type TableBlock,
  type Text,
} from './document.js';

/** The document as GitHub-flavoured Markdown; its figures are the SVG files beside it. */
export function markdown({ title, blocks }: ReportDocument): string {
  return [headingLine(1, title), ...blocks.map(block)].join('\n\n').concat('\n');
}

function block(given: Block): string {
  switch (given.kind) {
    case 'heading':
      return headingLine(given.level, given.text);
    case 'paragraph':
      return line(given.text);
    case 'list':
      return given.items.map((item) => `- ${line(item)}`).join('\n');
    case 'code':
      return fenced(given.text);
    case 'table':
      return table(given);
    case 'figure':
      break;
  }
  const caption = `Figure ${given.number}: ${plainText(given.caption)}`;
  const image = `![${prose(given.figure.description)}](${figureFile(given.number, 'svg')})`;
  return `${image}\n\n*${prose(caption)}*`;
}

/** Signs at the end of a heading are read as its end. */
function headingLine(level: number, text: string): string {
  return `${'#'.repeat(level)} ${prose(text).replace(/#+$/, String.raw`\$&`)}`;
}

function table({ label, caption, columns, rows }: TableBlock): string {
  const heads = columns.map(({ head }) => cell(head));
  const cells = rows.map((row) => row.map(cell));
  const widths = heads.map((head, column) => Math.max(3, head.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const written = (row: readonly string[]): string =>
    `| ${row.map((text, column) => fill(text, widths[column] ?? 0, columns[column]?.align ?? 'left')).join(' | ')} |`;
  const rule = columns.map(({ align }, column) =>
    align === 'right' ? `${'-'.repeat((widths[column] ?? 3) - 1)}:` : '-'.repeat(widths[column] ?? 3),
  );
  const title = label === undefined ? line(caption) : `**${prose(label)}:** ${line(caption)}`;
  return [title, '', written(heads), `| ${rule.join(' | ')} |`, ...cells.map(written)].join('\n');
}

function fill(text: string, width: number, align: 'left' | 'right'): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** GitHub's tables end a cell at every bar, within code too, unless it is escaped. */
function cell(text: Text): string {
  return inlines(text)
    .map((part) => {
      if (typeof part === 'string') return prose(part);
      return 'code' in part ? code(part.code).replaceAll('|', String.raw`\|`) : `**${prose(part.strong)}**`;
    })
    .join('');
}

function line(text: Text): string {
  return inlines(text)
    .map((part, index) => {
      if (typeof part === 'string') return index === 0 ? atStart(prose(part)) : prose(part);
      return 'code' in part ? code(part.code) : `**${prose(part.strong)}**`;
    })
    .join('');
}

/** Plain text: characters that would begin emphasis, code, links, HTML, entities, mathematics or a table's next cell are escaped. */
function prose(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|~$&]/g, String.raw`\$&`);
}

/** What at a line's start would make it a heading, a list, a quotation, a rule or, being spaces, code. */
function atStart(escaped: string): string {
  return escaped
    .trimStart()
    .replace(/^(?:[#+\-=]|\d+[.)](?=\s|$))/, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`);
}

/** Within more backticks than it holds in a row. */
function code(text: string): string {
  const content = printable(text);
  const ticks = '`'.repeat(longestRun(content) + 1);
  const space = content.startsWith('`') || content.endsWith('`') || content.trim() === '' ? ' ' : '';
  return `${ticks}${space}${content}${space}${ticks}`;
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text.split('\n').map(printable).join('\n')}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}
