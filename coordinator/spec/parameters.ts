import { closest } from '../../proto/closest.js';
import type { Distribution } from '../../proto/domain.js';
import {
  DISTRIBUTION_NAMES,
  distributionJsonSchema,
  distributionNamed,
  distributionSchemas,
  type DistributionName,
} from './distributions.js';
import { LONGEST_COMPARED } from './mismatch.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { Problems } from './problems.js';
import { checkRange, checkValues } from './ranges.js';
import { checkShape } from './shape.js';
import {
  numberAt,
  quote,
  show,
  toJson,
  valueAt,
  type SourceMap,
  type SourceScalar,
  type SourceValue,
} from './source.js';
import { refusedDistribution } from './wandb.js';

/** Reads a `parameters` map; nested maps (`{a: {parameters: {b: ...}}}`) become dotted names (`a.b`). */
export function readParameters(map: SourceMap, problems: Problems): Map<string, ParameterDraft> {
  const drafts = new Map<string, ParameterDraft>();
  const read = (within: SourceMap, prefix: string): void => {
    for (const [key, { keyOffset, value }] of within.entries) {
      const name = `${prefix}${key}`;
      const nested =
        value.kind === 'map' && value.entries.size === 1 ? value.entries.get('parameters')?.value : undefined;
      if (nested?.kind === 'map') {
        read(nested, `${name}.`);
      } else if (drafts.has(name)) {
        const suggestion = 'keep one of the two';
        problems.add({
          rule: 'duplicate-key',
          message: `parameter ${name} is defined twice`,
          offset: keyOffset,
          suggestion,
        });
      } else {
        drafts.set(name, readParameter(name, keyOffset, value, problems));
      }
    }
  };
  read(map, '');
  return drafts;
}

function readParameter(name: string, keyOffset: number, value: SourceValue, problems: Problems): ParameterDraft {
  const draft: ParameterDraft = {
    name,
    keyOffset,
    distribution: undefined,
    inferred: false,
    min: undefined,
    max: undefined,
    values: [],
  };
  if (value.kind !== 'map') {
    const suggestion = value.kind === 'list' ? `write {values: [...]}` : `write {value: ${show(value)}}`;
    problems.blame(value, {
      rule: 'wrong-type',
      message: `parameter ${name} must be a map, not ${show(value)}`,
      suggestion,
    });
    return draft;
  }
  const word = valueAt(value, ['distribution']);
  draft.inferred = word === undefined;
  const chosen =
    word === undefined ? inferDistribution(name, value, problems) : namedDistribution(name, word, value, problems);
  if (chosen === undefined) return draft;
  checkShape(value, distributionJsonSchema(chosen), name, problems);
  const sound = (found: SourceValue | undefined): SourceScalar[] => {
    if (found?.kind !== 'scalar' || problems.isFlawed(found)) return [];
    found.parameterAt = keyOffset;
    return [found];
  };
  [draft.min] = sound(valueAt(value, ['min']));
  [draft.max] = sound(valueAt(value, ['max']));
  const values = valueAt(value, ['values']);
  draft.values = values?.kind === 'list' ? values.items.flatMap(sound) : sound(valueAt(value, ['value']));
  if (chosen === 'categorical') checkValues(name, value, draft.values, problems);
  else if (chosen !== 'constant') checkRange(name, chosen, value, draft, problems);

  const parsed = distributionSchemas[chosen].safeParse(toJson(value));
  if (parsed.success && !problems.isFlawed(value)) {
    draft.distribution = { ...parsed.data, distribution: chosen } as Distribution;
  }
  return draft;
}

/** What `distribution:` names. */
function namedDistribution(
  name: string,
  word: SourceValue,
  definition: SourceMap,
  problems: Problems,
): DistributionName | undefined {
  const text = word.kind === 'scalar' && typeof word.value === 'string' ? word.value : undefined;
  const chosen = text === undefined ? undefined : distributionNamed(text);
  if (chosen !== undefined) return chosen;
  const [min, max] = [numberAt(definition, 'min'), numberAt(definition, 'max')];
  const range = min === undefined || max === undefined ? undefined : { min, max };
  const refused = text === undefined ? undefined : refusedDistribution(text, range);
  if (refused !== undefined) {
    const message = `parameter ${name}: ${refused.message}`;
    problems.blame(word, { rule: 'unsupported-distribution', message, suggestion: refused.suggestion });
    return undefined;
  }
  const meant = text === undefined ? undefined : closest(text.slice(0, LONGEST_COMPARED), DISTRIBUTION_NAMES);
  problems.blame(word, {
    rule: text === undefined ? 'wrong-type' : 'unknown-value',
    message: `${name}.distribution must be one of ${DISTRIBUTION_NAMES.join(', ')}, not ${show(word)}`,
    suggestion: meant === undefined ? undefined : `did you mean ${meant}?`,
  });
  return meant === undefined ? undefined : distributionNamed(meant); // go on with what was meant
}

const WHOLE_NUMBER = /^[-+]?[0-9]+$/;

/** W&B's rule for a definition without `distribution`. Misspelt keys count as what they were meant to be. */
function inferDistribution(name: string, definition: SourceMap, problems: Problems): DistributionName | undefined {
  const known = ['value', 'values', 'probabilities', 'min', 'max', 'q'];
  const keys = new Set(
    [...definition.entries.keys()].map((key) =>
      known.includes(key) ? key : closest(key.slice(0, LONGEST_COMPARED), known),
    ),
  );
  if (keys.has('values') || keys.has('probabilities')) return 'categorical';
  if (keys.has('value')) return 'constant';
  if (keys.has('min') || keys.has('max') || keys.has('q')) {
    if (keys.has('q')) return 'q_uniform';
    const ends = ['min', 'max'].map((key) => valueAt(definition, [key]));
    const whole = ends.every((end) => end?.kind === 'scalar' && !end.quoted && WHOLE_NUMBER.test(end.text));
    return whole ? 'int_uniform' : 'uniform';
  }
  problems.add({
    rule: 'missing-key',
    message: `parameter ${quote(name)} says nothing of its values`,
    offset: definition.owner,
    about: name,
    suggestion: 'add value, values, or min and max (with distribution: log_uniform_values for a logarithmic range)',
  });
  problems.markFlawed(definition);
  return undefined;
}
