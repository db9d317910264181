import { InvalidArgumentError, Option } from 'commander';
import { drawFigures, figureFile, type ReportDocument } from '../report/document/document.js';
import { html } from '../report/document/html.js';
import { latex } from '../report/document/latex.js';
import { markdown } from '../report/document/markdown.js';
import { counted } from '../report/format.js';
import { renderPng } from './png.js';

/** What a report can be written as: documents, and their figures as files of their own. */
export const REPORT_FORMATS = ['md', 'html', 'tex', 'svg', 'png'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const formatOption = (): Option =>
  new Option('--format <list>', `any of ${REPORT_FORMATS.join(', ')}, separated by commas`)
    .argParser(parseFormats)
    .default(REPORT_FORMATS, 'all');

function parseFormats(text: string): ReportFormat[] {
  const given = text.split(',').map((part) => part.trim());
  const wrong = given.find((part) => !isFormat(part));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`Formats are ${REPORT_FORMATS.join(', ')}, not ${JSON.stringify(wrong)}.`);
  }
  return given.filter(isFormat);
}

function isFormat(text: string): text is ReportFormat {
  return (REPORT_FORMATS as readonly string[]).includes(text);
}

/** Name and content of each file of a report. Markdown brings the SVG files that it shows, LaTeX the PNG files. */
export function reportFiles(
  document: ReportDocument,
  formats: readonly ReportFormat[],
): Map<string, string | Uint8Array> {
  const wants = (...any: ReportFormat[]): boolean => any.some((format) => formats.includes(format));
  const figures = drawFigures(document);
  const files = new Map<string, string | Uint8Array>();
  if (wants('md')) files.set('report.md', markdown(document));
  if (wants('html')) files.set('report.html', html(document, figures));
  if (wants('tex')) files.set('report.tex', latex(document));
  for (const { number, svg } of figures) {
    if (wants('svg', 'md')) files.set(figureFile(number, 'svg'), svg);
    if (wants('png', 'tex')) files.set(figureFile(number, 'png'), renderPng(svg));
  }
  return files;
}

/** `report.md, report.html, 9 figures as SVG and PNG`: the documents by name, the figures counted. */
export function filesInWords(files: Iterable<string>): string {
  const names = [...files];
  const figures = names.flatMap((name) => {
    const [, stem, format] = /^(figure-\d+)\.(.+)$/.exec(name) ?? [];
    return stem === undefined || format === undefined ? [] : [{ name, stem, format: format.toUpperCase() }];
  });
  const documents = names.filter((name) => !figures.some((figure) => figure.name === name));
  if (figures.length === 0) return documents.join(', ');
  const count = counted(new Set(figures.map(({ stem }) => stem)).size, 'figure');
  const formats = [...new Set(figures.map(({ format }) => format))].join(' and ');
  return [...documents, `${count} as ${formats}`].join(', ');
}
