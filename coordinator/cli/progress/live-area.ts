import { displayWidth } from '../../report/format.js';

/** What of a terminal is used; process.stderr is one. */
export interface Terminal {
  columns?: number;
  rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const ESCAPE = '\u001b[';
const TO_LINE_END = `${ESCAPE}K`;
const TO_SCREEN_END = `${ESCAPE}J`;
// oxlint-disable-next-line no-control-regex -- escape sequences take no columns
const COLOUR_SEQUENCE = /\u001b\[[0-9;]*m/g;

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/**
 * The last lines of a terminal, written over in place. Each rewrite is one write that overwrites line by line and clears
 * only what is left over, so that nothing flickers.
 */
export class LiveArea {
  private shown: readonly string[] = [];

  constructor(private readonly terminal: Terminal) {}

  get columns(): number {
    // A full last column would wrap in some terminals.
    return Math.max(1, (this.terminal.columns || DEFAULT_COLUMNS) - 1);
  }

  get rows(): number {
    return this.terminal.rows || DEFAULT_ROWS;
  }

  show(lines: readonly string[]): void {
    this.terminal.write(`${this.toTop()}${lines.map((line) => `${line}${TO_LINE_END}\n`).join('')}${TO_SCREEN_END}`);
    this.shown = lines;
  }

  /** Writes lines that stay, above the area. */
  insert(lines: readonly string[]): void {
    const kept = lines.map((line) => `${line}${TO_LINE_END}\n`).join('');
    const area = this.shown.map((line) => `${line}${TO_LINE_END}\n`).join('');
    this.terminal.write(`${this.toTop()}${kept}${area}${TO_SCREEN_END}`);
  }

  clear(): void {
    if (this.shown.length > 0) this.terminal.write(`${this.toTop()}${TO_SCREEN_END}`);
    this.shown = [];
  }

  /** To the area's first row. After the terminal became narrower, a line takes several rows. */
  private toTop(): string {
    const columns = this.terminal.columns || DEFAULT_COLUMNS;
    const rows = this.shown.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line.replace(COLOUR_SEQUENCE, '')) / columns)),
      0,
    );
    return rows === 0 ? '' : `${ESCAPE}${Math.min(rows, this.rows - 1)}A\r`;
  }
}
