import type { Distribution, Parameters, ParameterValue } from '../../proto/domain.js';
import type { MethodInput } from './method.js';
import { multipleOf, multiplesWithin, toDecimal } from './quantise.js';

/**
 * Grid search in W&B's order: parameters sorted by name, the last one changing fastest. Points that the round has already
 * (a carried configuration, a value that a list holds twice) are left out. How many points there are is the space's to say.
 */
export function grid({ space, claim }: MethodInput): Parameters[] {
  let points: Parameters[] = [{}];
  for (const [name, distribution] of Object.entries(space.parameters)) {
    const { count, at } = gridAxis(distribution, space.handedOn.has(name));
    const values = Array.from({ length: count }, (_, step) => at(step));
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points.filter((point) => claim(point));
}

/** How many points a grid over these parameters has, before repeats are left out; 0 when one of them has no steps. */
export function gridSize(parameters: Record<string, Distribution>): number {
  return Object.values(parameters).reduce((size, distribution) => size * gridAxis(distribution, false).count, 1);
}

/** A parameter's values on the grid, counted but not yet made. */
interface GridAxis {
  count: number;
  at: (step: number) => ParameterValue;
}

/**
 * Each category as listed; each integer; of q_uniform min, min + q, ... below max: as in W&B, max is left out. Where the
 * interval follows from the rounds before (`closed`) its ends are values that did well, so there the axis is the multiples
 * of q with both ends. Distributions without steps have no values.
 */
function gridAxis(distribution: Distribution, closed: boolean): GridAxis {
  switch (distribution.distribution) {
    case 'constant':
      return { count: 1, at: () => distribution.value };
    case 'categorical':
      return { count: distribution.values.length, at: (step) => distribution.values[step] ?? null };
    case 'int_uniform': {
      const { min, max } = distribution;
      return { count: max - min + 1, at: (step) => min + step };
    }
    case 'q_uniform': {
      const { min, max, q } = distribution;
      const { first, last } = multiplesWithin(min, max, q);
      if (closed) return { count: last - first + 1, at: (step) => multipleOf(first + step, q) };
      return { count: Math.ceil((max - min) / q - STEP_TOLERANCE), at: (step) => toDecimal(min + step * q) };
    }
    case 'uniform':
    case 'log_uniform_values':
    case 'q_log_uniform_values':
    default:
      return { count: 0, at: () => null };
  }
}

/** (1.3 - 1) / 0.1 is a little more than 3, and a grid from 1 to 1.3 has no fourth point for it. */
const STEP_TOLERANCE = 1e-9;
