import { branchesOf, describe, type JsonSchema } from './json-schema.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { Problems } from './problems.js';
import { valuesOfExponents } from './ranges.js';
import { checkShape } from './shape.js';
import { show } from './source.js';

/**
 * Whether what a parameter can take fits the setting it feeds, taken alone: each listed value, and for ranges the kind of
 * numbers drawn. Ends of ranges are tried in the trial itself, with everything else (trials.ts).
 *
 * @param setting what the trainer takes there
 */
export function checkFit(draft: ParameterDraft, setting: JsonSchema, problems: Problems): void {
  const { name, distribution, keyOffset, min, max } = draft;
  for (const value of draft.values) checkShape(value, setting, name, problems);
  if (distribution === undefined || !('min' in distribution)) return;
  const offset = min?.offset ?? keyOffset;

  const numeric = branchesOf(setting).filter(({ type }) => type === 'integer' || type === 'number');
  const takesFractions = numeric.some(({ type }) => type === 'number');
  if (numeric.length === 0) {
    const message = `${name} must be ${describe(setting)}, and ${distribution.distribution} draws numbers`;
    problems.add({ rule: 'wrong-type', message, offset: keyOffset, suggestion: 'write values: [...]' });
    draft.distribution = undefined;
    return;
  }
  const negative = distribution.min < 0 && distribution.max <= 0;
  if (negative && numeric.every(({ minimum, exclusiveMinimum }) => (minimum ?? exclusiveMinimum ?? -1) >= 0)) {
    const ends = min === undefined || max === undefined ? '' : `: ${show(min)} to ${show(max)} look like exponents`;
    const values = valuesOfExponents(draft);
    problems.add({
      rule: 'exponents-for-values',
      message: `${name} must be ${describe(setting)}${ends}`,
      offset,
      suggestion: `write the values themselves with distribution: log_uniform_values${values === undefined ? '' : `; ${values}`}`,
    });
    draft.distribution = undefined;
    return;
  }
  if (distribution.distribution === 'int_uniform') {
    if (!draft.inferred || !takesFractions) return;
    problems.add({
      rule: 'integer-range',
      message: `${name}: min ${distribution.min} and max ${distribution.max} are whole numbers, so only whole numbers would be drawn (W&B's rule)`,
      offset,
      suggestion: `write min: ${distribution.min}.0 for all numbers between, or distribution: int_uniform if that is meant`,
    });
    return;
  }
  const step = 'q' in distribution ? distribution.q : undefined;
  const word = distribution.distribution;
  // A grid of q_uniform goes up from min.
  const whole =
    step !== undefined && Number.isInteger(step) && (word !== 'q_uniform' || Number.isInteger(distribution.min));
  if (takesFractions || whole) return;
  const quantised =
    word === 'log_uniform_values' || word === 'q_log_uniform_values' ? 'q_log_uniform_values' : 'q_uniform';
  problems.add({
    rule: 'fractions-for-whole-numbers',
    message: `${name} must be ${describe(setting)}, and ${word}${step === undefined ? '' : ` with min ${distribution.min} and q ${step}`} draws fractions`,
    offset: keyOffset,
    suggestion: `write distribution: ${quantised}, q: 1, or distribution: int_uniform`,
  });
  // What the mended range would draw is still checked.
  draft.distribution = { distribution: quantised, min: Math.ceil(distribution.min), max: distribution.max, q: 1 };
}
