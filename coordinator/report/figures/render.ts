import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { svgText } from './svg-text.js';

/** A figure as Observable Plot's options say it. */
export interface Figure {
  /** What it shows, for those who do not see it: a sentence without markup. */
  description: string;
  /** Without `document`, `title`, `caption`, `clip` and legends, which are no part of one SVG element (or number themselves by process). */
  options: Plot.PlotOptions;
  /** What the colours mean, in a line between the vertical axis' label and the plot; none when empty. */
  legend?: readonly LegendEntry[];
}

interface LegendEntry {
  label: string;
  colour: string;
  /** As SVG's stroke-dasharray; a whole line when absent. */
  dash?: string;
}

/** Colours of series that are told apart on white and on near-black, also by most who tell red from green badly. */
export const SERIES_COLOURS = ['#3b6fd4', '#d9542b', '#2f9e6e', '#a25bc8', '#b8860b', '#0e8fa8', '#c2417f', '#6b7280'];

/** The DejaVu fonts' own metrics are Verdana's; PNG files are drawn with the first of them. */
const FONT_FAMILY = "'DejaVu Sans', Verdana, sans-serif";
const FONT_SIZE = 12;
const FOREGROUND = '#1f2328';
const BACKGROUND = '#ffffff';

const LEGEND_HEIGHT = 22;
const LEGEND_LINE = 22;
/** An estimate: text cannot be measured without a browser. */
const CHARACTER_WIDTH = 7.2;

/**
 * Draws a figure as one SVG element, a file's content as it is: dark on white, its font named but not contained. The same
 * figure gives the same text on every machine.
 */
export function renderSvg({ description, options, legend = [] }: Figure): string {
  const { document } = parseHTML('<html></html>');
  const top = legend.length === 0 ? 0 : LEGEND_HEIGHT;
  // The vertical axis' label stands above the legend.
  const marginTop = options.marginTop ?? (top === 0 ? 30 : 15);
  const svg = Plot.plot({
    ...options,
    document,
    marginTop: marginTop + top,
    height: (options.height ?? 400) + top,
    className: 'plot',
    style: { background: BACKGROUND, color: FOREGROUND, fontFamily: FONT_FAMILY, fontSize: `${FONT_SIZE}px` },
  });
  if (svg.tagName.toLowerCase() !== 'svg') throw new TypeError('the plot is more than one SVG element');
  // What it sets, white space and width, is for pages, which set it themselves.
  svg.querySelector('style')?.remove();
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', description);
  if (legend.length > 0) svg.append(legendElement(document, legend, options.marginLeft ?? 40, marginTop));
  return `${svgText(svg)}\n`;
}

/** What is used of the DOM, whose types are a browser's. */
interface DomElement {
  setAttribute(name: string, value: string): void;
  append(child: DomElement | string): void;
}

interface DomDocument {
  createElementNS(namespace: string, name: string): DomElement;
}

/** A line and a word for each entry, from the left; `top` is its upper edge. */
function legendElement(document: DomDocument, legend: readonly LegendEntry[], left: number, top: number): DomElement {
  const create = (name: string, attributes: Record<string, string | number>): DomElement => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
  const group = create('g', { 'aria-label': 'legend', 'text-anchor': 'start' });
  let x = left;
  const y = top + LEGEND_HEIGHT / 2;
  for (const { label, colour, dash } of legend) {
    const stroke = { stroke: colour, 'stroke-width': 2.5, ...(dash === undefined ? {} : { 'stroke-dasharray': dash }) };
    group.append(create('line', { x1: x, x2: x + LEGEND_LINE, y1: y, y2: y, ...stroke }));
    const text = create('text', { x: x + LEGEND_LINE + 6, y, dy: '0.35em', fill: 'currentColor' });
    text.append(label);
    group.append(text);
    x += LEGEND_LINE + 6 + label.length * CHARACTER_WIDTH + 18;
  }
  return group;
}
