import type { Dropout, Network, NetworkGroup, RecordsRegion } from '../../kernel/kernel.js';
import type { CheckedTensor } from './checked.js';
import { checkedOf, entriesOf, layersOf, parametersOf, type CheckState } from './state.js';

/** The cost whose gradient is checked, as a function of a network's parameters. */
export interface CostFunction {
  /** Float64; normalisation is set. */
  group: NetworkGroup;
  records: RecordsRegion;
  /** Record numbers of the samples. */
  rows: Uint32Array;
  lambda: number;
  /** The same masks at every evaluation, or the cost would be none. */
  dropout: Dropout | undefined;
}

/**
 * Mean cross entropy of the samples, and cost = loss + lambda * (sum of squared weights), of each of the group's networks. Where
 * lambda is 0 the cost is the loss: nothing is squared.
 */
function costs({ group, records, rows, lambda, dropout }: CostFunction): { loss: number; cost: number }[] {
  const all = group.networks.map((_, index) => index);
  return group.batchLoss(records, rows, 0, all, dropout).map((sum, index) => {
    const loss = sum / rows.length;
    if (lambda === 0) return { loss, cost: loss };
    return { loss, cost: loss + lambda * (group.networks[index] as Network).sumSquaredWeights() };
  });
}

/**
 * Leaves cost, loss and the analytic gradients at the initial parameters: the kernel's gradients of the loss, and 2 lambda W of the
 * penalty.
 *
 * @param of a group of one network with room for gradients
 */
export function costAndGradients(state: CheckState, tensors: readonly CheckedTensor[], of: CostFunction): void {
  const { group, records, rows, lambda, dropout } = of;
  group.networks[0]?.setParameters(layersOf(state, tensors));
  const [at] = costs(of);
  state.loss[0] = at?.loss ?? NaN;
  state.cost[0] = at?.cost ?? NaN;
  const layers = group.gradients(records, rows, 0, 0, dropout);
  const decay = 2 * lambda;
  for (const tensor of tensors) {
    const ofLoss = layers[tensor.layer]?.[tensor.tensor] as Float64Array;
    const gradients = parametersOf(state.gradients, tensor);
    gradients.set(ofLoss);
    if (tensor.tensor === 'bias') continue;
    const weights = parametersOf(state.parameters, tensor);
    for (let i = 0; i < gradients.length; i++) {
      gradients[i] = (ofLoss[i] as number) + decay * (weights[i] as number);
    }
  }
}

/**
 * Leaves J(w + h) and J(w - h) of the checked entries first .. last - 1, counted over all tensors. Each is the cost of a whole network
 * in which one parameter was moved, and which then gets it back.
 *
 * @param of a group of an even number of equal networks: one in each pair is raised, the other lowered
 * @param step h
 * @param stopped asked before every evaluation
 */
export function movedCosts(
  state: CheckState,
  tensors: readonly CheckedTensor[],
  of: CostFunction,
  step: number,
  range: { first: number; last: number },
  stopped: () => boolean,
): void {
  const { networks } = of.group;
  for (const network of networks) network.setParameters(layersOf(state, tensors));
  const pairs = networks.length / 2;
  for (let first = range.first; first < range.last && !stopped(); first += pairs) {
    const moved = Array.from({ length: Math.min(pairs, range.last - first) }, (_, pair) =>
      placeOf(state, tensors, first + pair),
    );
    const move = (to: (value: number, side: number) => number): void => {
      for (const [pair, { tensor, entry }] of moved.entries()) {
        const value = parametersOf(state.parameters, tensor)[entry] as number;
        for (const side of [0, 1]) {
          networks[2 * pair + side]?.setParameter(tensor.layer, tensor.tensor, entry, to(value, side));
        }
      }
    };
    move((value, side) => (side === 0 ? value + step : value - step));
    const results = costs(of);
    move((value) => value);
    for (const [pair, { tensor, at }] of moved.entries()) {
      checkedOf(state.raised, tensor)[at] = results[2 * pair]?.cost ?? NaN;
      checkedOf(state.lowered, tensor)[at] = results[2 * pair + 1]?.cost ?? NaN;
    }
  }
}

/** The checked entry of this number over all tensors. */
function placeOf(
  state: CheckState,
  tensors: readonly CheckedTensor[],
  number: number,
): { tensor: CheckedTensor; at: number; entry: number } {
  const tensor = tensors.findLast(({ firstChecked }) => firstChecked <= number) as CheckedTensor;
  const at = number - tensor.firstChecked;
  return { tensor, at, entry: entriesOf(state, tensor)?.[at] ?? at };
}
