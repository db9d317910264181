import { renderSvg, type Figure } from '../figures/render.js';

/**
 * A report before it has a format: what there is to read, in order. Every text is plain; each writer escapes it, so names from
 * files and programs may hold anything.
 */
export interface ReportDocument {
  title: string;
  blocks: readonly Block[];
}

export type Block =
  | { kind: 'heading'; level: HeadingLevel; text: string }
  | { kind: 'paragraph'; text: Text }
  | { kind: 'list'; items: readonly Text[] }
  /** Lines for a shell or a file, kept as they are. */
  | { kind: 'code'; text: string }
  | TableBlock
  | FigureBlock;

/** Below the title, which is the first level. */
export type HeadingLevel = 2 | 3;

export interface TableBlock {
  kind: 'table';
  /** `Table 1`, where the table is known by a name. */
  label?: string;
  caption: Text;
  columns: readonly Column[];
  /** Each as long as `columns`. */
  rows: readonly (readonly Text[])[];
}

export interface Column {
  head: string;
  align: 'left' | 'right';
}

export interface FigureBlock {
  kind: 'figure';
  /** From 1, each once in a document: it names the figure and its files. */
  number: number;
  caption: Text;
  figure: Figure;
}

/** A run of text, or runs of several kinds. */
export type Text = string | readonly Inline[];
export type Inline = string | { code: string } | { strong: string };

export function inlines(text: Text): readonly Inline[] {
  return typeof text === 'string' ? [text] : text;
}

/** Without markup. */
export function plainText(text: Text): string {
  return inlines(text)
    .map((part) => (typeof part === 'string' ? part : 'code' in part ? part.code : part.strong))
    .join('');
}

export const heading = (level: HeadingLevel, text: string): Block => ({ kind: 'heading', level, text });
export const paragraph = (text: Text): Block => ({ kind: 'paragraph', text });

/** A document's figure, drawn. */
export interface DrawnFigure {
  number: number;
  svg: string;
}

/** All of the document's figures, in its order. */
export function drawFigures({ blocks }: ReportDocument): DrawnFigure[] {
  const drawn: DrawnFigure[] = [];
  for (const block of blocks) {
    if (block.kind !== 'figure') continue;
    if (drawn.some(({ number }) => number === block.number)) throw new TypeError(`two figures ${block.number}`);
    drawn.push({ number: block.number, svg: renderSvg(block.figure) });
  }
  return drawn;
}

/** `figure-3.svg` */
export function figureFile(number: number, extension: 'svg' | 'png'): string {
  return `figure-${number}.${extension}`;
}
