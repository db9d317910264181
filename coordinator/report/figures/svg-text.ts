import { printable } from '../format.js';

/** What is used of a DOM's nodes, whose types are a browser's. */
export interface SvgNode {
  nodeType: number;
  /** Of an element. */
  localName?: string;
  nodeValue: string | null;
  attributes?: Iterable<{ name: string; value: string }>;
  childNodes: Iterable<SvgNode>;
}

const ELEMENT = 1;
const TEXT = 3;

/** Attributes whose numbers are places and lengths. */
const GEOMETRY = new Set([
  'd',
  'transform',
  'points',
  'x',
  'y',
  'x1',
  'x2',
  'y1',
  'y2',
  'cx',
  'cy',
  'r',
  'width',
  'height',
]);
/** A hundredth of a pixel is seen by nobody; the last digits of a logarithm differ between engines. */
const DECIMALS = 2;

/** An element and what it holds as XML, which the DOM's own HTML is not: in XML, attributes escape < and & too. */
export function svgText(node: SvgNode): string {
  if (node.nodeType === TEXT) return escaped(node.nodeValue ?? '');
  if (node.nodeType !== ELEMENT) return '';
  const attributes = [...(node.attributes ?? [])].map(
    ({ name, value }) => ` ${name}="${escaped(GEOMETRY.has(name) ? rounded(value) : value)}"`,
  );
  const inside = [...node.childNodes].map(svgText).join('');
  const name = node.localName ?? '';
  const start = `<${name}${attributes.join('')}`;
  return inside === '' ? `${start}/>` : `${start}>${inside}</${name}>`;
}

function rounded(value: string): string {
  return value.replace(/-?\d+\.\d+(?:e[-+]?\d+)?|-?\d+e[-+]?\d+/g, (number) =>
    // Never -0, whose sign would be the engine's.
    String(Number(Number(number).toFixed(DECIMALS)) + 0),
  );
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters, which XML has no form for, as `printable` shows them. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
