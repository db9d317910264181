import { printable } from '../format.js';
import { figureFile, inlines, type Block, type ReportDocument, type TableBlock, type Text } from './document.js';
import { latexCharacters } from './latex-characters.js';

/** Of the SVG; what would be wider than the page is drawn as wide as the page. */
const UNITS_AN_INCH = 120;

/**
 * The document as a LaTeX file for plain pdflatex with the packages of every installation; its figures are the PNG files
 * beside it. Nothing floats: the numbers are the document's own, and order is kept.
 */
export function latex({ title, blocks }: ReportDocument): string {
  return `\\documentclass[a4paper,11pt]{article}
\\usepackage[utf8]{inputenc}
\\usepackage{textcomp}
\\usepackage{graphicx}
\\usepackage[margin=2.4cm]{geometry}
\\setlength{\\parindent}{0pt}
\\setlength{\\parskip}{0.6em}
\\emergencystretch=3em
\\renewcommand{\\arraystretch}{1.12}
\\renewcommand{\\labelitemi}{$\\bullet$}
% A table wider than the page is drawn smaller.
\\newsavebox{\\widetable}
\\newcommand{\\fitted}{\\ifdim\\wd\\widetable>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\widetable}}\\else\\usebox{\\widetable}\\fi}
\\title{${escaped(title)}}
\\author{}
\\date{}
\\begin{document}
\\maketitle

${blocks.map(block).join('\n\n')}

\\end{document}
`;
}

function block(given: Block): string {
  switch (given.kind) {
    case 'heading':
      return `\\${given.level === 2 ? 'section' : 'subsection'}*{${escaped(given.text)}}`;
    case 'paragraph':
      return inline(given.text);
    case 'list':
      return `\\begin{itemize}\\raggedright\n${given.items.map((item) => `\\item {} ${inline(item)}`).join('\n')}\n\\end{itemize}`;
    case 'code':
      return codeLines(given.text);
    case 'table':
      return table(given);
    case 'figure':
      break;
  }
  const file = figureFile(given.number, 'png');
  const inches = ((given.figure.options.width ?? 0) / UNITS_AN_INCH).toFixed(2);
  return `\\begin{center}
\\begin{minipage}{\\linewidth}\\centering
\\ifdim ${inches}in>\\linewidth\\includegraphics[width=\\linewidth]{${file}}\\else\\includegraphics[width=${inches}in]{${file}}\\fi

\\small Figure ${given.number}: ${inline(given.caption)}
\\end{minipage}
\\end{center}`;
}

/** A table cannot be broken: more rows than a page has room for would be lost below its edge. */
const ROWS_A_PAGE = 45;

function table(given: TableBlock): string {
  const pages = Array.from({ length: Math.max(1, Math.ceil(given.rows.length / ROWS_A_PAGE)) }, (_, page) =>
    given.rows.slice(page * ROWS_A_PAGE, (page + 1) * ROWS_A_PAGE),
  );
  return pages.map((some, page) => pageTable({ ...given, rows: some }, page > 0)).join('\n\n');
}

function pageTable({ label, caption, columns, rows }: TableBlock, continued: boolean): string {
  const sides = columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join('');
  const heads = columns.map(({ head }) => escaped(head)).join(' & ');
  const body = rows.map((row) => `${row.map((cell) => `{${inline(cell)}}`).join(' & ')} \\\\`);
  const title = `${label === undefined ? '' : `${escaped(label)}: `}${inline(caption)}${continued ? ' (continued)' : ''}`;
  return `\\begin{center}
\\begin{minipage}{\\linewidth}\\centering\\small
${title}

\\vspace{3pt}
\\sbox{\\widetable}{\\begin{tabular}{${sides}}
\\hline
${heads} \\\\
\\hline
${body.join('\n')}
\\hline
\\end{tabular}}\\fitted
\\end{minipage}
\\end{center}`;
}

/** Each a line of its own in typewriter type, spaces kept, broken where it is too long. */
function codeLines(text: string): string {
  const lines = text.split('\n').map((line) => `\\texttt{${escaped(line, 'code').replaceAll(' ', '\\ ')}}`);
  return `\\begin{flushleft}\\small\n${lines.join('\\\\\n')}\n\\end{flushleft}`;
}

function inline(text: Text): string {
  return inlines(text)
    .map((part) => {
      if (typeof part === 'string') return escaped(part);
      return 'code' in part ? `\\texttt{${escaped(part.code, 'code')}}` : `\\textbf{${escaped(part.strong)}}`;
    })
    .join('');
}

/** In code, long words may be broken after what separates their parts, digests anywhere; there is no sign of it. */
function escaped(text: string, as: 'prose' | 'code' = 'prose'): string {
  const written = latexCharacters(printable(text));
  if (as === 'prose') return written;
  return written
    .replace(/[0-9A-Za-z]{16}(?=[0-9A-Za-z]{8})/g, '$&\\allowbreak{}')
    .replace(/(\/|\\_|\.|-\{\})(?=[^\s{}-])/g, '$1\\allowbreak{}');
}
