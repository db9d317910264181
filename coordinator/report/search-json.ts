import type { Interval, Metrics, ParameterValue, SearchState, TrialState } from '../../proto/domain.js';
import type { BestTrial__Output } from '../../proto/generated/vernier/v1/BestTrial.js';
import type { Metric__Output } from '../../proto/generated/vernier/v1/Metric.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { summaryOf } from './detail.js';
import { attemptJson, provenanceJson, type AttemptJson, type ProvenanceJson } from './provenance.js';
import {
  intervalsFromWire,
  metricsFromWire,
  parametersFromWire,
  searchStateFromWire,
  trialStateFromWire,
} from '../../proto/wire.js';

/** Metric name to value; null where it is no finite number, which JSON cannot hold. */
type JsonMetrics = Record<string, number | null>;

/** A search as `--json` prints it. Scripts rely on these keys. Parameters, metrics and intervals are sorted by name. */
export interface SearchJson {
  search: { id: string; name: string; seed: number; specSha256: string; state: SearchState };
  rounds: {
    name: string;
    method: string;
    /** What each numeric parameter was drawn from; empty in a round that drew nothing. */
    interval: Record<string, Interval>;
    trials: {
      number: number;
      parameters: Record<string, ParameterValue>;
      /** Training seed. */
      seed: number;
      state: TrialState;
      metrics: JsonMetrics;
      /** How many attempts were begun. */
      attempts: number;
      /** Each of them. */
      attemptDetails: AttemptJson[];
      /** Null when the trial has no weights (yet). */
      weightsSha256: string | null;
    }[];
  }[];
  /** The best trial of the last round that has the metric; null when none has it (yet). */
  best: { round: string; number: number; parameters: Record<string, ParameterValue>; metrics: JsonMetrics } | null;
  /** Null unless the search completed. */
  resultDigest: string | null;
  /** Where it comes from and what computed it. */
  provenance: ProvenanceJson;
}

/** @throws VernierError PROTOCOL_VIOLATION when the answer lacks the search itself */
export function searchJson(detail: SearchDetail__Output): SearchJson {
  const { id, name, seed, specSha256, state } = summaryOf(detail);
  return {
    search: { id, name, seed, specSha256, state: searchStateFromWire(state) },
    rounds: detail.rounds.map(roundJson),
    best: detail.best === null ? null : bestJson(detail.best),
    resultDigest: detail.resultDigest === '' ? null : detail.resultDigest,
    provenance: provenanceJson(detail),
  };
}

function roundJson(round: RoundDetail__Output): SearchJson['rounds'][number] {
  return {
    name: round.name,
    method: round.method,
    interval: sorted(intervalsFromWire(round.interval)),
    trials: round.trials.map(trialJson),
  };
}

function trialJson(trial: TrialDetail__Output): SearchJson['rounds'][number]['trials'][number] {
  return {
    number: trial.number,
    parameters: sorted(parametersFromWire(trial.parameters)),
    seed: trial.seed,
    state: trialStateFromWire(trial.state),
    metrics: metricsJson(trial.metrics),
    attempts: trial.attempts.length,
    attemptDetails: trial.attempts.map(attemptJson),
    weightsSha256: trial.weightsSha256 === '' ? null : trial.weightsSha256,
  };
}

function bestJson(best: BestTrial__Output): NonNullable<SearchJson['best']> {
  return {
    round: best.round,
    number: best.number,
    parameters: sorted(parametersFromWire(best.parameters)),
    metrics: metricsJson(best.metrics),
  };
}

function metricsJson(metrics: readonly Metric__Output[]): JsonMetrics {
  const values: Metrics = sorted(metricsFromWire(metrics));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}

/** Keys in the order of their code units: what a map yields depends on who built it, what is printed must not. */
function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
