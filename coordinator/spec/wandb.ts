import type { Interval } from '../../proto/domain.js';
import { exp } from '../../proto/numeric/index.js';

/*
 * W&B's words that a search file here does not take, and what to write instead. Meanings are those of wandb/sweeps' schema.json
 * and params.py.
 */

/** Top-level keys of a sweep file. */
const KEYS: Readonly<Record<string, string>> = {
  program: 'what a trial runs stands in trial, e.g. trial: {kind: two-layer, ...}',
  command: 'what a trial runs stands in trial, e.g. trial: {kind: two-layer, ...}',
  early_terminate: 'remove it: every trial trains to its end; short rounds first do the same job (rounds)',
  project: 'remove it: searches lie in the store of the coordinator',
  entity: 'remove it: searches lie in the store of the coordinator',
  job: 'remove it: what a trial runs stands in trial',
  image_uri: 'remove it: what a trial runs stands in trial',
  controller: 'remove it: every coordinator is local',
  scheduler: 'remove it: say how rounds draw by method',
  metrics: 'write metric: one search has one metric',
  apiVersion: 'remove it',
  kind: 'remove it; what a trial runs is trial.kind',
};

export function mendOfKey(key: string): string | undefined {
  return Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
}

/** Words of `method` at the top or in a round. */
export function mendOfMethod(method: string): string | undefined {
  if (method === 'none') return 'leave method out in a round that only carries';
  return method === 'bayes' || method === 'custom' ? 'write method: random, and narrow round by round' : undefined;
}

/** Why a distribution of W&B's is not taken, and the mend. */
export interface RefusedDistribution {
  message: string;
  suggestion: string;
}

/**
 * @param range of the definition, where both ends are numbers
 * @returns undefined for a word that W&B does not have either
 */
export function refusedDistribution(word: string, range: Interval | undefined): RefusedDistribution | undefined {
  switch (word) {
    case 'log_uniform':
    case 'q_log_uniform': {
      const instead = `${word}_values`;
      const message = `${word} takes exponents of e, which Vernier does not: ranges hold the values themselves`;
      if (range !== undefined && range.min > 0 && range.max <= LARGEST_LIKELY_VALUE) {
        return { message, suggestion: `write distribution: ${instead} if min and max are values already` };
      }
      return { message, suggestion: rangeOf(instead, range, (end) => exp(end)) };
    }
    case 'inv_log_uniform': {
      const message =
        'inv_log_uniform takes exponents of 1/e, which Vernier does not: ranges hold the values themselves';
      const inverted = range === undefined ? undefined : { min: -range.max, max: -range.min };
      return { message, suggestion: rangeOf('log_uniform_values', inverted, (end) => exp(end)) };
    }
    case 'inv_log_uniform_values':
      return {
        message: 'inv_log_uniform_values is the same distribution as log_uniform_values, the only name it has here',
        suggestion: 'write distribution: log_uniform_values',
      };
    case 'normal':
    case 'q_normal':
    case 'log_normal':
    case 'q_log_normal':
    case 'beta':
    case 'q_beta': {
      const logarithmic = word.includes('log');
      const instead = `${word.startsWith('q_') ? 'q_' : ''}${logarithmic ? 'log_uniform_values' : 'uniform'}`;
      const message = `${word} has no range that rounds could narrow; Vernier does not draw from it`;
      return { message, suggestion: `write distribution: ${instead} with min and max` };
    }
    default:
      return undefined;
  }
}

/** Exponents of e above 0 and up to this would be values of 1 to 2.7: likelier the range holds values. */
const LARGEST_LIKELY_VALUE = 1;

function rangeOf(distribution: string, range: Interval | undefined, value: (end: number) => number): string {
  if (range === undefined) return `write distribution: ${distribution} with min and max as values`;
  return `write distribution: ${distribution}, min: ${rounded(value(range.min))}, max: ${rounded(value(range.max))}`;
}

/** Digits that suggested numbers have. */
const SUGGESTED_DIGITS = 4;

function rounded(value: number): string {
  return String(Number(value.toPrecision(SUGGESTED_DIGITS)));
}
