import type { Json } from '../../proto/canonical.js';
import { closest } from '../../proto/closest.js';
import { branchesOf, describe, type JsonSchema } from './json-schema.js';
import { mendByShape } from './mends.js';
import type { Found } from './problems.js';
import { quote, show, type SourceScalar, type SourceValue } from './source.js';

/** Whether a schema without alternatives takes the scalar. */
export function takesScalar(schema: JsonSchema, { value }: Pick<SourceScalar, 'value'>): boolean {
  if (!hasType(schema, value)) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (typeof value === 'number') {
    const {
      minimum = -Infinity,
      maximum = Infinity,
      exclusiveMinimum = -Infinity,
      exclusiveMaximum = Infinity,
    } = schema;
    return value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
  }
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Infinity, pattern } = schema;
    if (value.length < minLength || value.length > maxLength) return false;
    return pattern === undefined || new RegExp(pattern, 'u').test(value);
  }
  return true;
}

function hasType(schema: JsonSchema, value: Json): boolean {
  if (schema.type === undefined) return true;
  if (schema.type === 'integer') return Number.isInteger(value);
  // typeof null is 'object'.
  return value === null ? schema.type === 'null' : typeof value === schema.type;
}

/** The mistake of a value that `schema` does not take: what was expected, what is there, and the mend where it is clear. */
export function mismatch(value: SourceValue, schema: JsonSchema, path: string): Omit<Found, 'offset'> {
  const branches = branchesOf(schema);
  const drawn = value.kind === 'scalar' ? value.drawn : undefined;
  const message = `${path} must be ${describe(schema)}, not ${show(value)}${drawn === undefined ? '' : ` (${drawn.note})`}`;
  const byShape = mendByShape(value, schema);
  if (value.kind !== 'scalar') return { rule: 'wrong-type', message, suggestion: byShape };
  const content = value.value;
  const takesNumbers = branches.some(({ type }) => type === 'number' || type === 'integer');
  if (typeof content === 'string') {
    const number = numberInText(content);
    if (number !== undefined && takesNumbers) {
      const suggestion = value.quoted ? `write ${number}, without quotes` : `write ${number}`;
      return { rule: 'number-as-text', message, suggestion };
    }
    const boolean = OLD_BOOLEANS.get(content.toLowerCase());
    if (boolean !== undefined && branches.some(({ type }) => type === 'boolean')) {
      const suggestion = `write ${boolean}: YAML 1.2 reads ${content} as text`;
      return { rule: 'wrong-type', message, suggestion };
    }
  }
  const typed = branches.filter((branch) => branch.type !== undefined && hasType(branch, content));
  const words = typed.flatMap((branch) => branch.enum ?? (branch.const === undefined ? [] : [branch.const]));
  if (words.length > 0) {
    const meant = closest(String(content).slice(0, LONGEST_COMPARED), words.map(String));
    return { rule: 'unknown-value', message, suggestion: meant === undefined ? byShape : `did you mean ${meant}?` };
  }
  if (typed.length > 0) {
    const inexact = typeof content === 'number' && Math.abs(content) > Number.MAX_SAFE_INTEGER;
    return {
      rule: 'out-of-range',
      message: inexact ? `${message}, which a double does not hold exactly` : message,
      suggestion: drawn?.mend ?? byShape,
    };
  }
  const only = branches.length === 1 ? branches[0] : undefined;
  const wrapped = only?.type === 'array' ? `[${show(value)}]` : quote(value.text);
  const mendable = only?.type === 'array' || (only?.type === 'string' && only.pattern === undefined);
  return { rule: 'wrong-type', message, suggestion: mendable && content !== null ? `write ${wrapped}` : byShape };
}

/** Comparing takes time by length; a longer word is no slip of a known one. */
export const LONGEST_COMPARED = 100;

/** Booleans of YAML 1.1, text in YAML 1.2. */
const OLD_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'on', 'y'].map((word) => [word, true] as const),
  ...['no', 'off', 'n'].map((word) => [word, false] as const),
]);

/** Text that somebody meant as a number, separators between the digits allowed. */
const NUMERIC_TEXT = /^[-+]?(?:[0-9][0-9_,]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/;

/** The finite number that the text was meant as, undefined when it is none. */
function numberInText(text: string): number | undefined {
  if (!NUMERIC_TEXT.test(text.trim())) return undefined;
  const value = Number(text.replaceAll(/[_,\s]/g, ''));
  return Number.isFinite(value) ? value : undefined;
}
