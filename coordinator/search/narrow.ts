import type { Interval, Narrow } from '../../proto/domain.js';
import { exp, log } from '../../proto/numeric/index.js';
import { isLogarithmic, type NumericDistribution } from './distribution.js';
import { multipleOf, multiplesWithin } from './quantise.js';

/*
 * How a parameter's interval follows from the values that the round before has tried. Each parameter alone:
 *
 * 1. Take the values of the ranked configurations, best first, until `best` distinct ones are found. Their span is the
 *    interval; its ends are values that were tried, to the last digit.
 * 2. `around`: the span grows at both ends by `margin` times itself, on the parameter's scale (for a logarithmic one
 *    that is a factor), but not beyond the former interval, nor beyond a value of step 1 where that lies outside (a
 *    carried one may).
 * 3. `widen`: where the best value lies within EDGE_SHARE of the former interval's end, the optimum may lie beyond: that
 *    end moves out to WIDEN_SHARE of the former interval beyond the former end, both shares on the parameter's scale.
 *    A parameter that the file defines as positive stays positive, and so on (`wideningLimits`).
 * 4. Integers and multiples of q: an end that steps 2 and 3 moved goes on outwards to the next one.
 * 5. The opening round's own definition of the parameter, if it has one, bounds the interval.
 */

/** Share of the former interval, at each end, that counts as its edge. A grid's or an integer's end value always does. */
export const EDGE_SHARE = 0.05;
/** How far beyond the former interval a widened one reaches, as a share of it. */
export const WIDEN_SHARE = 0.25;
export interface NarrowInput {
  /** What the opening round draws the parameter from, with the interval as the file defines it. */
  definition: NumericDistribution;
  /** What the values were drawn from. */
  former: Interval;
  /** The parameter's values in the round before, best configuration first. */
  values: readonly number[];
  narrow: Narrow;
  /** The opening round's own definition, where it has one: the interval stays inside. */
  bounds?: Interval;
}

/** Why there is no interval, to be told with the names of parameter and rounds. */
export interface NotNarrowed {
  problem: string;
}

export function narrowInterval({ definition, former, values, narrow, bounds }: NarrowInput): Interval | NotNarrowed {
  const best = firstDistinct(values, narrow.best);
  const [bestValue] = best;
  if (bestValue === undefined) return { problem: 'there is no number among its values' };
  if (best.length < 2) return { problem: `all its values are ${bestValue}` };
  const span = spanOf(best);
  if (isLogarithmic(definition) && span.min <= 0) {
    return { problem: `${span.min} is among the best and has no place on a logarithmic scale` };
  }
  const scale = isLogarithmic(definition) ? LOGARITHMIC : LINEAR;

  // Carried values may lie outside what the round before drew from.
  const reach = { min: Math.min(former.min, span.min), max: Math.max(former.max, span.max) };
  let interval = narrow.kind === 'around' ? addMargin(span, narrow.margin, reach, scale) : span;
  interval = ontoGrid(interval, definition, reach);
  if (narrow.widen) interval = widenAtEdge(interval, bestValue, former, scale, definition);
  if (bounds === undefined) return interval;
  const inside = { min: Math.max(interval.min, bounds.min), max: Math.min(interval.max, bounds.max) };
  if (inside.min < inside.max) return inside;
  return {
    problem: `its best values ${span.min} to ${span.max} lie outside the round's own ${bounds.min} to ${bounds.max}`,
  };
}

function firstDistinct(values: readonly number[], count: number): number[] {
  const distinct = new Set<number>();
  for (const value of values) {
    if (distinct.size === count) break;
    distinct.add(value);
  }
  return [...distinct];
}

/** Not by Math.min(...values): a round may have more configurations than a call takes arguments. */
function spanOf(values: readonly number[]): Interval {
  const span = { min: Infinity, max: -Infinity };
  for (const value of values) {
    span.min = Math.min(span.min, value);
    span.max = Math.max(span.max, value);
  }
  return span;
}

interface Scale {
  to(value: number): number;
  from(position: number): number;
}

const LINEAR: Scale = { to: (value) => value, from: (position) => position };
const LOGARITHMIC: Scale = { to: log, from: exp };

function addMargin(span: Interval, margin: number, reach: Interval, scale: Scale): Interval {
  if (margin <= 0) return span; // keeps the ends to the last digit
  const low = scale.to(span.min);
  const high = scale.to(span.max);
  const added = margin * (high - low);
  return {
    min: Math.min(span.min, Math.max(scale.from(low - added), reach.min)),
    max: Math.max(span.max, Math.min(scale.from(high + added), reach.max)),
  };
}

function widenAtEdge(
  interval: Interval,
  best: number,
  former: Interval,
  scale: Scale,
  definition: NumericDistribution,
): Interval {
  const low = scale.to(former.min);
  const high = scale.to(former.max);
  const size = high - low;
  const limits = wideningLimits(former, definition);
  const wide = {
    min: Math.max(scale.from(low - WIDEN_SHARE * size), limits.min),
    max: Math.min(scale.from(high + WIDEN_SHARE * size), limits.max),
  };
  const { min, max } = ontoGrid(wide, definition, limits);
  const at = scale.to(best);
  return {
    min: at - low <= EDGE_SHARE * size ? Math.min(interval.min, min) : interval.min,
    max: high - at <= EDGE_SHARE * size ? Math.max(interval.max, max) : interval.max,
  };
}

/**
 * How far widening may go. What the file defines as positive stays so (a batch size must not become 0, a rate not
 * negative): on a linear scale it goes at most half the way to 0, an integer to 1, a quantised value to q; what begins at 0
 * stays there. Negative parameters in the same way. And numbers stay such that they can be computed with.
 */
function wideningLimits(former: Interval, definition: NumericDistribution): Interval {
  const largest = definition.distribution === 'int_uniform' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
  let min = -largest;
  let max = largest;
  if (definition.min > 0) min = towardsZero(former.min, definition);
  else if (definition.min === 0) min = 0;
  if (definition.max < 0) max = -towardsZero(-former.max, definition);
  else if (definition.max === 0) max = 0;
  return { min, max };
}

/** Below it doubles lose digits. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

function towardsZero(end: number, definition: NumericDistribution): number {
  switch (definition.distribution) {
    case 'int_uniform':
      return Math.max(1, Math.floor(end / 2));
    case 'q_uniform':
      return Math.max(definition.q, end / 2);
    case 'uniform':
      return Math.max(SMALLEST_NORMAL, end / 2);
    case 'q_log_uniform_values':
      return definition.q;
    case 'log_uniform_values':
    default:
      return SMALLEST_NORMAL;
  }
}

/**
 * Ends between two integers move outwards to the next one; ends between two multiples of q too, as far as `limits` allow
 * (which need not be multiples, while an integer parameter's are integers).
 */
function ontoGrid(interval: Interval, definition: NumericDistribution, limits: Interval): Interval {
  let { min, max } = interval;
  if (definition.distribution === 'int_uniform') {
    return { min: Math.floor(min), max: Math.ceil(max) };
  }
  if ('q' in definition) {
    const { first, last } = multiplesWithin(min, max, definition.q);
    if (multipleOf(first, definition.q) !== min) min = multipleOf(first - 1, definition.q);
    if (multipleOf(last, definition.q) !== max) max = multipleOf(last + 1, definition.q);
  }
  return {
    min: Math.min(interval.min, Math.max(min, limits.min)),
    max: Math.max(interval.max, Math.min(max, limits.max)),
  };
}
