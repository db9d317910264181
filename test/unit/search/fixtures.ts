import * as fc from 'fast-check';
import type { Json } from '../../../proto/canonical.js';
import type { Metrics, Narrow, Parameters, RoundSpec, SearchSpec } from '../../../proto/domain.js';
import { openRound } from '../../../coordinator/search/open-round.js';
import type { FinishedRound, FinishedTrial, OpenedRound } from '../../../coordinator/search/round.js';

/** A round over `trial`, random, eight trials, unless told otherwise. */
export function round(overrides: Partial<RoundSpec> = {}): RoundSpec {
  return { name: 'coarse', method: 'random', trials: 8, trial: { kind: 'two-layer' }, parameters: {}, ...overrides };
}

/** One round over lambda, maximising val_accuracy, one training seed, unless told otherwise. */
export function spec(overrides: Partial<SearchSpec> = {}): SearchSpec {
  return {
    name: 'test',
    seed: 42,
    metric: { name: 'val_accuracy', goal: 'maximize' },
    parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 } },
    rounds: [round()],
    trainingSeeds: [7],
    keepWeights: 'best',
    retries: 3,
    onFailure: 'continue',
    ...overrides,
  };
}

export function between(overrides: Partial<Narrow> = {}): Narrow {
  return { kind: 'between', best: 2, margin: 0, widen: false, ...overrides };
}

export function opened(search: SearchSpec, finished: readonly FinishedRound[] = []): OpenedRound {
  const result = openRound(search, finished);
  if ('impossible' in result) throw new Error(result.impossible);
  return result;
}

export function impossible(search: SearchSpec, finished: readonly FinishedRound[]): string {
  const result = openRound(search, finished);
  if (!('impossible' in result)) throw new Error(`round ${result.name} opened with ${result.trials.length} trials`);
  return result.impossible;
}

/** The round with a result for each trial, numbered on from `former`. */
export function finish(
  openedRound: OpenedRound,
  result: (parameters: Parameters, seed: number) => Metrics,
  former: readonly FinishedRound[] = [],
): FinishedRound {
  const before = former.reduce((count, { trials }) => count + trials.length, 0);
  const trials = openedRound.trials.map((trial, index): FinishedTrial => {
    const metrics = result(trial.parameters, trial.seed);
    return { ...trial, number: before + index + 1, state: 'completed', metrics };
  });
  return { ...openedRound, trials };
}

/** Opens and finishes every round; the objective gives val_accuracy. */
export function runSearch(
  search: SearchSpec,
  objective: (parameters: Parameters, seed: number, config: { [key: string]: Json }) => number,
): FinishedRound[] {
  const finished: FinishedRound[] = [];
  for (let index = 0; index < search.rounds.length; index++) {
    const next = opened(search, finished);
    const configs = new Map(next.trials.map((trial) => [trial.parameters, trial.config]));
    finished.push(
      finish(
        next,
        (parameters, seed) => ({ val_accuracy: objective(parameters, seed, configs.get(parameters) ?? {}) }),
        finished,
      ),
    );
  }
  return finished;
}

/** A finished round whose configurations had these values of one parameter, and these scores. */
export function roundOf(
  name: string,
  parameter: string,
  tried: readonly (readonly [value: Parameters[string], score: number])[],
  overrides: Partial<FinishedRound> = {},
): FinishedRound {
  return {
    index: 0,
    name,
    method: 'random',
    interval: {},
    trials: tried.map(([value, score], index) => ({
      number: index + 1,
      parameters: { [parameter]: value },
      seed: 7,
      config: {},
      configuration: index,
      carriedFrom: 0,
      state: 'completed',
      metrics: { val_accuracy: score },
    })),
    ...overrides,
  };
}

/** Uniform draws in [0, 1) as the seed derivation gives them. */
export const arbitraryShare = fc
  .oneof(fc.maxSafeNat(), fc.constant(0), fc.constant(Number.MAX_SAFE_INTEGER))
  .map((n) => n / 2 ** 53);

/** Closed interval of ordinary numbers, min < max. */
export function arbitraryInterval(min: number, max: number): fc.Arbitrary<{ min: number; max: number }> {
  const value = fc.double({ min, max, noNaN: true });
  return fc
    .tuple(value, value)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ min: Math.min(a, b) + 0, max: Math.max(a, b) + 0 }));
}
