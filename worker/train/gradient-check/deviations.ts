import type { Metrics } from '../../../proto/domain.js';
import {
  DEVIATIONS,
  DIFFERENCES,
  deviationMetric,
  type Deviation,
  type Difference,
} from '../../../proto/trainers/gradient-check.js';
import type { CheckedTensor } from './checked.js';
import { checkedOf, entriesOf, parametersOf, type CheckState } from './state.js';

/**
 * What the relative error's denominator is at least: below it a gradient counts as 0, of which rounding in the cost leaves no digit
 * to compare. The course's value.
 */
export const RELATIVE_ERROR_FLOOR = 1e-6;

/**
 * A check's metrics, of its analytic gradients and costs: cost, loss, and every deviation of both differences, tensor by tensor
 * and as the greatest of all tensors'. Float64, in the order of the entries' indices.
 *
 * @param step h
 */
export function checkMetrics(state: CheckState, tensors: readonly CheckedTensor[], step: number): Metrics {
  const metrics: Metrics = { cost: state.cost[0] as number, loss: state.loss[0] as number };
  for (const difference of DIFFERENCES) {
    const ofTensors = tensors.map((tensor) =>
      deviations(analytic(state, tensor), numeric(state, tensor, difference, step)),
    );
    for (const deviation of DEVIATIONS) {
      metrics[deviationMetric(difference, deviation)] = greatest(ofTensors.map((of) => of[deviation]));
      for (const [index, { name }] of tensors.entries()) {
        metrics[deviationMetric(difference, deviation, name)] = (ofTensors[index] as Record<Deviation, number>)[
          deviation
        ];
      }
    }
  }
  return metrics;
}

/** The analytic gradient at the checked entries. */
function analytic(state: CheckState, tensor: CheckedTensor): Float64Array {
  const all = parametersOf(state.gradients, tensor);
  const entries = entriesOf(state, tensor);
  return entries === undefined ? all : Float64Array.from(entries, (entry) => all[entry] as number);
}

/** Forward: (J(w + h) - J(w)) / h; central: (J(w + h) - J(w - h)) / (2 h). */
function numeric(state: CheckState, tensor: CheckedTensor, difference: Difference, step: number): Float64Array {
  const raised = checkedOf(state.raised, tensor);
  if (difference === 'forward') {
    const cost = state.cost[0] as number;
    return Float64Array.from(raised, (up) => (up - cost) / step);
  }
  const lowered = checkedOf(state.lowered, tensor);
  return Float64Array.from(raised, (up, index) => (up - (lowered[index] as number)) / (2 * step));
}

/** How far two gradients of the same entries are from each other. */
export function deviations(analytical: Float64Array, numerical: Float64Array): Record<Deviation, number> {
  let sumOfAnalytical = 0;
  let sumOfNumerical = 0;
  let sumOfDifferences = 0;
  let maxDifference = 0;
  let maxError = 0;
  for (let i = 0; i < analytical.length; i++) {
    const a = analytical[i] as number;
    const n = numerical[i] as number;
    const difference = Math.abs(a - n);
    sumOfAnalytical += a;
    sumOfNumerical += n;
    sumOfDifferences += difference;
    maxDifference = Math.max(maxDifference, difference);
    maxError = Math.max(maxError, difference / Math.max(RELATIVE_ERROR_FLOOR, Math.abs(a) + Math.abs(n)));
  }
  const count = analytical.length;
  return {
    mean_difference: Math.abs(sumOfAnalytical / count - sumOfNumerical / count),
    mean_absolute_difference: sumOfDifferences / count,
    max_absolute_difference: maxDifference,
    max_relative_error: maxError,
  };
}

/** NaN where there is one. */
function greatest(values: readonly number[]): number {
  return Math.max(...values);
}
