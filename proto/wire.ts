import type { EpochMetrics, Interval, Metrics, Parameters, ParameterValue, SearchState, TrialState } from './domain.js';
import type {
  EpochMetrics as WireEpoch,
  EpochMetrics__Output as ReadEpoch,
} from './generated/vernier/v1/EpochMetrics.js';
import type { Interval as WireInterval, Interval__Output as ReadInterval } from './generated/vernier/v1/Interval.js';
import type { Metric as WireMetric, Metric__Output as ReadMetric } from './generated/vernier/v1/Metric.js';
import type {
  ParameterValue as WireParameter,
  ParameterValue__Output as ReadParameter,
} from './generated/vernier/v1/ParameterValue.js';
import type { SearchState__Output as ReadSearchState } from './generated/vernier/v1/SearchState.js';
import type { TrialState__Output as ReadTrialState } from './generated/vernier/v1/TrialState.js';

/**
 * Between the messages of vernier.proto and the types of domain.ts. `...ToWire` gives what is written, `...FromWire`
 * takes what was read. Doubles cross as they are, bit for bit but for the payload of a NaN.
 */

export function metricsToWire(metrics: Metrics): WireMetric[] {
  return Object.entries(metrics).map(([name, value]) => ({ name, value }));
}

/** The later of two metrics of one name wins. */
export function metricsFromWire(metrics: readonly ReadMetric[]): Metrics {
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

export function epochToWire({ epoch, metrics }: EpochMetrics): WireEpoch {
  return { epoch, metrics: metricsToWire(metrics) };
}

export function epochFromWire({ epoch, metrics }: ReadEpoch): EpochMetrics {
  return { epoch, metrics: metricsFromWire(metrics) };
}

export function parametersToWire(parameters: Parameters): Record<string, WireParameter> {
  return mapValues(parameters, (value) => {
    if (value === null) return { null: true };
    if (typeof value === 'number') return { number: value };
    return typeof value === 'string' ? { text: value } : { flag: value };
  });
}

/** A value without a kind, of a later version perhaps, is read as null. */
export function parametersFromWire(parameters: Record<string, ReadParameter>): Parameters {
  return mapValues(parameters, (value): ParameterValue => value.number ?? value.text ?? value.flag ?? null);
}

export function intervalsToWire(intervals: Record<string, Interval>): Record<string, WireInterval> {
  return mapValues(intervals, ({ min, max }) => ({ min, max }));
}

export function intervalsFromWire(intervals: Record<string, ReadInterval>): Record<string, Interval> {
  return mapValues(intervals, ({ min, max }) => ({ min, max }));
}

const SEARCH_STATES = {
  running: 'SEARCH_RUNNING',
  completed: 'SEARCH_COMPLETED',
  failed: 'SEARCH_FAILED',
  cancelled: 'SEARCH_CANCELLED',
} as const satisfies Record<SearchState, ReadSearchState>;

export function searchStateToWire(state: SearchState): ReadSearchState {
  return SEARCH_STATES[state];
}

/** @throws RangeError for a state that this version does not know */
export function searchStateFromWire(state: ReadSearchState): SearchState {
  return keyOf(SEARCH_STATES, state, 'search state');
}

const TRIAL_STATES = {
  pending: 'TRIAL_PENDING',
  leased: 'TRIAL_LEASED',
  completed: 'TRIAL_COMPLETED',
  diverged: 'TRIAL_DIVERGED',
  pruned: 'TRIAL_PRUNED',
  failed: 'TRIAL_FAILED',
  cancelled: 'TRIAL_CANCELLED',
} as const satisfies Record<TrialState, ReadTrialState>;

export function trialStateToWire(state: TrialState): ReadTrialState {
  return TRIAL_STATES[state];
}

/** @throws RangeError for a state that this version does not know */
export function trialStateFromWire(state: ReadTrialState): TrialState {
  return keyOf(TRIAL_STATES, state, 'trial state');
}

function keyOf<K extends string>(names: Record<K, string>, wire: string, what: string): K {
  for (const key in names) if (names[key] === wire) return key;
  throw new RangeError(`unknown ${what} ${wire}`);
}

function mapValues<A, B>(record: Record<string, A>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value)]));
}
