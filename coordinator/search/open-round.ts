import { canonicalJson, type Json } from '../../proto/canonical.js';
import type { Interval, Parameters, RoundSpec, SearchSpec } from '../../proto/domain.js';
import { bindParameters } from './bind.js';
import { carry } from './carry.js';
import { isNumeric } from './distribution.js';
import { grid } from './grid.js';
import type { Method } from './method.js';
import { random } from './random.js';
import { rankConfigurations, type RankedConfiguration } from './ranking.js';
import type { FinishedRound, OpenedRound, PlannedTrial, RoundImpossible } from './round.js';
import { roundSpace, type RoundSpace } from './space.js';

const METHODS: Record<RoundSpec['method'], Method> = { random, grid, none: () => [] };

/**
 * Plans the round after those finished: a pure function of the specification and of their results, so that it plans the
 * same after any crash, on any machine.
 *
 * Carried configurations come first, best first, then the method's new ones; the repeats of a configuration, one a
 * training seed, are neighbours. No configuration is in a round twice: where the space holds fewer than asked for, the
 * round is shorter.
 *
 * @param finished every round so far, in order, with all its trials; the next round's index is their count
 * @throws RangeError when all rounds of the specification are finished
 */
export function openRound(spec: SearchSpec, finished: readonly FinishedRound[]): OpenedRound | RoundImpossible {
  const index = finished.length;
  const round = spec.rounds[index];
  if (round === undefined) throw new RangeError(`search "${spec.name}" has ${spec.rounds.length} rounds, all finished`);
  const before = finished.at(-1);
  const ranked = before === undefined ? [] : rankConfigurations(before.trials, spec.metric);
  if ((round.narrow !== undefined || round.carry !== undefined) && ranked.length === 0) {
    return { impossible: nothingRanked(spec, round, before) };
  }
  const space = roundSpace(spec, finished, ranked);
  if ('impossible' in space) return space;

  const configurations = planConfigurations(spec, index, round, space, ranked);
  if (configurations.length === 0) {
    return {
      impossible: `round "${round.name}" has no trials: its ${round.method} method finds nothing to draw and nothing is carried`,
    };
  }
  return {
    index,
    name: round.name,
    method: round.method,
    interval: round.method === 'none' ? {} : intervalsOf(space),
    trials: configurations.flatMap((configuration, count) =>
      spec.trainingSeeds.map((seed): PlannedTrial => ({ ...configuration, seed, configuration: count })),
    ),
  };
}

type Configuration = Pick<PlannedTrial, 'parameters' | 'config' | 'carriedFrom'>;

function planConfigurations(
  spec: SearchSpec,
  index: number,
  round: RoundSpec,
  space: RoundSpace,
  ranked: readonly RankedConfiguration[],
): Configuration[] {
  const planned: Configuration[] = [];
  const taken = new Set<string>();
  // By the bound settings and not by the parameters: what trains alike is the same, and 3.0 equals 3.
  const take = (parameters: Parameters, carriedFrom: number): boolean => {
    const config: { [key: string]: Json } = bindParameters(round.trial, parameters);
    const key = canonicalJson(config);
    if (taken.has(key)) return false;
    taken.add(key);
    planned.push({ parameters, config, carriedFrom });
    return true;
  };
  for (const { parameters, from } of carry(ranked, round.carry?.best ?? 0, space.parameters)) take(parameters, from);
  METHODS[round.method]({
    seed: spec.seed,
    round: index,
    trials: round.trials,
    space,
    claim: (parameters) => take(parameters, 0),
  });
  return planned;
}

function intervalsOf({ parameters }: RoundSpace): Record<string, Interval> {
  const intervals: Record<string, Interval> = {};
  for (const [name, distribution] of Object.entries(parameters)) {
    if (isNumeric(distribution)) intervals[name] = { min: distribution.min, max: distribution.max };
  }
  return intervals;
}

function nothingRanked(spec: SearchSpec, round: RoundSpec, before: FinishedRound | undefined): string {
  if (before === undefined) return `round "${round.name}" narrows or carries, but no round comes before it`;
  const states = new Map<string, number>();
  for (const { state } of before.trials) states.set(state, (states.get(state) ?? 0) + 1);
  const tally = [...states].map(([state, count]) => `${count} ${state}`).join(', ');
  return (
    `round "${round.name}" needs the best of round "${before.name}", but none of its configurations has a finite ` +
    `${spec.metric.name} (trials: ${tally}); change what "${before.name}" draws from or how its trials train`
  );
}
