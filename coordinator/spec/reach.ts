import type { Distribution, Interval, Narrow } from '../../proto/domain.js';
import { isNumeric } from '../search/distribution.js';
import { narrowInterval } from '../search/narrow.js';
import { quantise } from '../search/quantise.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { SourceScalar } from './source.js';

/** Values that stand for all a parameter can take: the ends of its range, or its listed values. */
export type Stand = readonly SourceScalar[];
/** What the configurations of a round are drawn from: parameter by dotted path. */
export type Space = ReadonlyMap<string, Stand>;

/**
 * The widest interval that a round can draw from. Narrowing never leaves the interval before, except where it may widen:
 * then the best value can lie at either edge.
 */
export function widest(definition: Distribution, former: Interval, narrow: Narrow | undefined): Interval {
  if (narrow?.widen !== true || !isNumeric(definition)) return former;
  const ends = [former.min, former.max];
  const reached = [ends, ends.toReversed()].map((values) =>
    narrowInterval({ definition, former, values, narrow: { kind: 'between', best: 2, margin: 0, widen: true } }),
  );
  return reached.reduce<Interval>(
    (all, interval) =>
      'problem' in interval ? all : { min: Math.min(all.min, interval.min), max: Math.max(all.max, interval.max) },
    former,
  );
}

/** More numbers in a list are tried alone only (fit.ts), not together with other parameters'. */
const NUMBERS_TOGETHER = 8;

/**
 * @param reach the widest interval of a parameter with a range
 * @param grid whether a grid may run over it, which goes up from min whether that is a multiple of q or not
 */
export function standFor(draft: ParameterDraft, reach: Interval | undefined, grid: boolean): Stand {
  const { distribution, values, min, max, name } = draft;
  if (distribution === undefined) return [];
  if (!isNumeric(distribution)) return together(values);
  if (min === undefined || max === undefined) return [];
  const interval = reach ?? distribution;
  const ends = [interval.min, interval.max].map((end, index) =>
    'q' in distribution && !(grid && index === 0) ? quantise(end, { ...interval, q: distribution.q }) : end,
  );
  return ends.map((value, index) => {
    const written = index === 0 ? min : max;
    if (written.value === value) return written;
    const widened = value < distribution.min || value > distribution.max;
    const drawn = widened
      ? {
          note: 'widening may go so far',
          mend: `bound it in the round that widens: parameters: {${name}: {..., ${index === 0 ? 'min' : 'max'}: ...}}`,
        }
      : { note: `the ${index === 0 ? 'least' : 'most'} that is drawn` };
    return { ...written, value, text: String(value), drawn };
  });
}

/** The least and the greatest number, the first of the other numbers, and all that are none: those are words, each of its own kind. */
function together(values: readonly SourceScalar[]): Stand {
  const numbers = values.filter(({ value }) => typeof value === 'number');
  if (numbers.length <= NUMBERS_TOGETHER) return values;
  const sorted = numbers.toSorted((a, b) => Number(a.value) - Number(b.value));
  const ends = [sorted.at(0), sorted.at(-1)].filter((value) => value !== undefined);
  const others = numbers.filter((value) => !ends.includes(value)).slice(0, NUMBERS_TOGETHER - ends.length);
  return [...ends, ...others, ...values.filter(({ value }) => typeof value !== 'number')];
}

/** A space of more combinations is tried in pairs. */
const MOST_COMBINATIONS = 256;

/**
 * Configurations that stand for a space: every combination where they are few, else each parameter's values with every other
 * one's in pairs around the first configuration, which finds what two settings do to each other.
 */
export function* configurationsOf(space: Space): Generator<Map<string, SourceScalar>> {
  const axes = [...space].filter(([, stand]) => stand.length > 0);
  if (axes.reduce((product, [, stand]) => product * stand.length, 1) <= MOST_COMBINATIONS) {
    yield* combinations(axes);
    return;
  }
  const first = new Map(axes.flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value] as const])));
  for (const [index, axis] of axes.entries()) {
    for (const other of axes.slice(index + 1)) {
      for (const pair of combinations([axis, other])) yield new Map([...first, ...pair]);
    }
  }
}

/** The last axis changes fastest. */
function* combinations(axes: readonly (readonly [string, Stand])[]): Generator<Map<string, SourceScalar>> {
  const count = axes.reduce((product, [, stand]) => product * stand.length, 1);
  for (let number = 0; number < count; number++) {
    const combination = new Map<string, SourceScalar>();
    let stride = count;
    for (const [name, stand] of axes) {
      stride /= stand.length;
      const value = stand[Math.floor(number / stride) % stand.length];
      if (value !== undefined) combination.set(name, value);
    }
    yield combination;
  }
}
