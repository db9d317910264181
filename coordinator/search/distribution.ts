import type { Distribution, Interval, ParameterValue } from '../../proto/domain.js';
import { exp, log } from '../../proto/numeric/index.js';
import { quantise } from './quantise.js';

/** A distribution over an interval of numbers: what can be narrowed. */
export type NumericDistribution = Extract<Distribution, Interval>;

export function isNumeric(distribution: Distribution): distribution is NumericDistribution {
  return 'min' in distribution;
}

/** Whether equal steps along the parameter are equal factors. */
export function isLogarithmic({ distribution }: Distribution): boolean {
  return distribution === 'log_uniform_values' || distribution === 'q_log_uniform_values';
}

/**
 * The value at share u of a distribution: increasing in u, min at 0. Values never leave [min, max], whatever the rounding.
 *
 * @param u uniform in [0, 1)
 */
export function drawValue(distribution: Distribution, u: number): ParameterValue {
  switch (distribution.distribution) {
    case 'constant':
      return distribution.value;
    case 'categorical':
      return drawCategory(distribution.values, distribution.probabilities, u);
    case 'uniform':
      return uniform(distribution, u);
    case 'q_uniform':
      return quantise(uniform(distribution, u), distribution);
    case 'int_uniform': {
      const { min, max } = distribution;
      return clamp(min + Math.floor(u * (max - min + 1)), distribution);
    }
    case 'log_uniform_values':
      return logUniform(distribution, u);
    case 'q_log_uniform_values':
    default:
      return quantise(logUniform(distribution, u), distribution);
  }
}

function uniform({ min, max }: Interval, u: number): number {
  const span = max - min;
  // The other form would not give min at 0 and max at 1 to the last digit; it is for spans beyond what a double holds.
  return clamp(Number.isFinite(span) ? min + u * span : (1 - u) * min + u * max, { min, max });
}

/** exp(ln min + u (ln max - ln min)). exp(ln min) need not be min, so the end is given as it is. */
function logUniform({ min, max }: Interval, u: number): number {
  if (u === 0) return min;
  const from = log(min);
  return clamp(exp(from + u * (log(max) - from)), { min, max });
}

/** Adding 0 makes -0 the 0 that canonical JSON writes it as. */
function clamp(value: number, { min, max }: Interval): number {
  return Math.min(max, Math.max(min, value)) + 0;
}

/** The first category whose cumulative probability exceeds u; equal chances without probabilities. */
function drawCategory(
  values: readonly ParameterValue[],
  probabilities: number[] | undefined,
  u: number,
): ParameterValue {
  if (probabilities === undefined) return values[Math.floor(u * values.length)] ?? null;
  let cumulative = 0;
  let drawn: ParameterValue = null;
  for (const [index, probability] of probabilities.entries()) {
    if (probability <= 0) continue;
    cumulative += probability;
    drawn = values[index] ?? null;
    if (u < cumulative) break;
  }
  // Beyond the last sum, which rounding may leave just below 1: the last category that can be drawn at all.
  return drawn;
}
