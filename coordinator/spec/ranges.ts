import { multiplesWithin } from '../search/quantise.js';
import type { DistributionName } from './distributions.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { Problems } from './problems.js';
import { numberAt, show, valueAt, type SourceMap, type SourceScalar } from './source.js';

/** The second pass over one parameter's definition. A definition found wrong is marked so, and nothing is drawn from it. */

export function checkRange(
  name: string,
  distribution: DistributionName,
  definition: SourceMap,
  ends: Pick<ParameterDraft, 'min' | 'max'>,
  problems: Problems,
): void {
  const min = numberAt(ends.min);
  const max = numberAt(ends.max);
  const logarithmic = distribution === 'log_uniform_values' || distribution === 'q_log_uniform_values';
  if (logarithmic && !checkLogarithmic(name, distribution, ends, problems)) problems.markFlawed(definition);
  if (min !== undefined && max !== undefined && ends.min !== undefined && min >= max) {
    const constant = min === max;
    problems.add({
      rule: 'min-not-below-max',
      message: `${name}: min ${show(ends.min)} must be below max ${ends.max === undefined ? '' : show(ends.max)}`,
      offset: ends.min.offset,
      suggestion: constant ? `write {value: ${min}} for a constant` : `write min: ${max}, max: ${min}`,
    });
    problems.markFlawed(definition);
    return;
  }
  const step = valueAt(definition, ['q']);
  if (!distribution.startsWith('q_') || (step !== undefined && problems.isFlawed(step))) return;
  const q = numberAt(step) ?? 1;
  if (min === undefined || max === undefined || problems.isFlawed(definition)) return;
  const { first, last } = multiplesWithin(min, max, q);
  if (first <= last) return;
  problems.add({
    rule: 'no-multiple-of-q',
    message: `${name}: there is no multiple of q ${q} from ${min} to ${max}`,
    offset: step?.offset ?? definition.owner,
    suggestion: 'make q smaller than the range',
  });
  problems.markFlawed(definition);
}

/** A decimal exponent beyond these would leave what doubles hold. */
const EXPONENTS = { min: -300, max: 300 };

/** @returns whether both ends, as far as they are known, lie above 0 */
function checkLogarithmic(
  name: string,
  distribution: DistributionName,
  ends: Pick<ParameterDraft, 'min' | 'max'>,
  problems: Problems,
): boolean {
  const given = [ends.min, ends.max].filter((end) => end !== undefined);
  const below = given.find((end) => Number(end.value) < 0);
  if (below !== undefined) {
    problems.add({
      rule: 'exponents-for-values',
      message: `${name}: ${distribution} takes the values themselves, above 0; ${show(below)} looks like an exponent`,
      offset: below.offset,
      suggestion: valuesOfExponents(ends) ?? 'write the values themselves',
    });
    return false;
  }
  const zero = given.find((end) => Number(end.value) === 0);
  if (zero === undefined) return true;
  problems.add({
    rule: 'log-range',
    message: `${name}: a logarithmic range cannot touch 0, and ${zero === ends.min ? 'min' : 'max'} is ${show(zero)}`,
    offset: zero.offset,
    suggestion: 'write a small value above 0, e.g. 1.0e-6, or distribution: uniform',
  });
  return false;
}

/** `min: 1.0e-5, max: 1.0e-1` for ends -5 and -1; undefined when they are no decimal exponents. */
export function valuesOfExponents({ min, max }: Pick<ParameterDraft, 'min' | 'max'>): string | undefined {
  const from = numberAt(min);
  const to = numberAt(max);
  if (from === undefined || to === undefined || from >= to || from < EXPONENTS.min || to > EXPONENTS.max)
    return undefined;
  return `if these are powers of ten, write min: ${powerOfTen(from)}, max: ${powerOfTen(to)}`;
}

function powerOfTen(exponent: number): string {
  return Number.isInteger(exponent) ? `1.0e${exponent}` : Number((10 ** exponent).toPrecision(3)).toExponential();
}

/** What the sum of probabilities may miss 1 by: rounding of decimals, not a forgotten digit. */
const PROBABILITY_TOLERANCE = 1e-9;

export function checkValues(name: string, definition: SourceMap, values: SourceScalar[], problems: Problems): void {
  const seen = new Set<unknown>();
  for (const value of values) {
    if (seen.has(value.value)) {
      const message = `${name}: the value ${show(value)} is listed twice`;
      problems.add({
        rule: 'duplicate-value',
        message,
        offset: value.offset,
        suggestion: 'remove one; probabilities weigh values',
      });
      problems.markFlawed(definition);
    }
    seen.add(value.value);
  }
  const list = valueAt(definition, ['values']);
  const probabilities = valueAt(definition, ['probabilities']);
  if (list?.kind !== 'list' || problems.isFlawed(list) || probabilities?.kind !== 'list') return;
  const numbers = probabilities.items.map((item) => (problems.isFlawed(item) ? NaN : (numberAt(item) ?? NaN)));
  if (problems.isFlawed(probabilities) || numbers.some(Number.isNaN)) return;
  const blame = (message: string, suggestion: string): void => {
    problems.blame(probabilities, { rule: 'probabilities', message: `${name}: ${message}`, suggestion });
    problems.markFlawed(definition);
  };
  if (numbers.length !== list.items.length) {
    blame(
      `${numbers.length} probabilities for ${list.items.length} values`,
      'give each value one, or leave probabilities out',
    );
    return;
  }
  const sum = numbers.reduce((total, number) => total + number, 0);
  if (Math.abs(sum - 1) > PROBABILITY_TOLERANCE) {
    const scaled = numbers.map((number) => Number((number / sum).toPrecision(4)));
    const suggestion = sum > 0 ? `in proportion: [${scaled.join(', ')}]` : 'leave probabilities out for equal chances';
    blame(`the probabilities add up to ${Number(sum.toPrecision(12))}, not to 1`, suggestion);
  }
}
