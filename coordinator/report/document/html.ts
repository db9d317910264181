import { printable } from '../format.js';
import {
  inlines,
  plainText,
  type Block,
  type DrawnFigure,
  type FigureBlock,
  type ReportDocument,
  type TableBlock,
  type Text,
} from './document.js';
import { STYLE } from './html-style.js';

/** Of a figure's own width: drawn smaller its words could not be read, and it is scrolled instead. */
const LEAST_SCALE = 0.78;

/**
 * The document as one HTML file that needs no other: figures as inline SVG, styles within, no script. The policy forbids every
 * request, so it looks the same with and without a network.
 */
export function html({ title, blocks }: ReportDocument, figures: readonly DrawnFigure[]): string {
  const drawn = new Map(figures.map(({ number, svg }) => [number, svg]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${grouped(blocks)
  .map((group) => groupHtml(group, drawn))
  .join('\n')}
</main>
</body>
</html>
`;
}

type OtherBlock = Exclude<Block, FigureBlock>;

/** Figures that follow each other stand side by side where there is room. */
function grouped(blocks: readonly Block[]): (OtherBlock | FigureBlock[])[] {
  const groups: (OtherBlock | FigureBlock[])[] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (block.kind !== 'figure') groups.push(block);
    else if (Array.isArray(last)) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

function groupHtml(group: OtherBlock | FigureBlock[], drawn: ReadonlyMap<number, string>): string {
  if (!Array.isArray(group)) return blockHtml(group);
  return `<div class="figures">\n${group.map((figure) => figureHtml(figure, drawn)).join('\n')}\n</div>`;
}

function blockHtml(block: OtherBlock): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escaped(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${inlineHtml(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inlineHtml(item)}</li>`).join('\n')}\n</ul>`;
    case 'code':
      return `<pre tabindex="0"><code>${block.text.split('\n').map(escaped).join('\n')}</code></pre>`;
    case 'table':
      break;
  }
  return tableHtml(block);
}

function tableHtml({ label, caption, columns, rows }: TableBlock): string {
  const side = (column: number): string => (columns[column]?.align === 'right' ? ' class="number"' : '');
  const heads = columns.map(({ head }, column) => `<th scope="col"${side(column)}>${escaped(head)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, column) => `<td${side(column)}>${inlineHtml(cell)}</td>`).join('')}</tr>`,
  );
  const title = `${label === undefined ? '' : `<b>${escaped(label)}:</b> `}${inlineHtml(caption)}`;
  // A wide table is scrolled within its frame, also by keyboard; the page itself never is.
  return `<div class="table" tabindex="0" role="region" aria-label="${escaped(plainText(label ?? caption))}">
<table>
<caption>${title}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
</div>`;
}

function figureHtml({ number, caption, figure }: FigureBlock, drawn: ReadonlyMap<number, string>): string {
  const svg = drawn.get(number);
  if (svg === undefined) throw new TypeError(`figure ${number} is not drawn`);
  const width = Math.ceil((figure.options.width ?? 0) * LEAST_SCALE);
  return `<figure id="figure-${number}">
<div class="plot-frame" tabindex="0" role="region" aria-label="figure ${number}"><div style="min-width:${width}px">
${svg.trimEnd()}
</div></div>
<figcaption><b>Figure ${number}:</b> ${inlineHtml(caption)}</figcaption>
</figure>`;
}

function inlineHtml(text: Text): string {
  return inlines(text)
    .map((part) => {
      if (typeof part === 'string') return escaped(part);
      return 'code' in part ? `<code>${escaped(part.code)}</code>` : `<strong>${escaped(part.strong)}</strong>`;
    })
    .join('');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
