import { canonicalJson, type Json } from '../../proto/canonical.js';
import type { TrialState } from '../../proto/domain.js';
import type { AttemptDetail } from '../../proto/generated/vernier/v1/AttemptDetail.js';
import type { BestTrial } from '../../proto/generated/vernier/v1/BestTrial.js';
import type { RoundDetail } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { RunningTrial } from '../../proto/generated/vernier/v1/RunningTrial.js';
import type { SearchDetail } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { SearchSummary as WireSummary } from '../../proto/generated/vernier/v1/SearchSummary.js';
import type { TrialDetail } from '../../proto/generated/vernier/v1/TrialDetail.js';
import {
  epochToWire,
  intervalsToWire,
  metricsToWire,
  parametersToWire,
  searchStateToWire,
  trialStateToWire,
} from '../../proto/wire.js';
import type { Machine } from '../../proto/machine.js';
import type { Obstacle } from '../schedule/obstacle.js';
import type { RunningAttempt } from '../schedule/schedule.js';
import { bestOfSearch } from '../search/ranking.js';
import type { FinishedTrial } from '../search/round.js';
import type { AttemptRecord, RoundRecord, SearchRecord, SearchSummary, TrialRecord } from '../store/records.js';
import { datasetOf } from '../schedule/trial.js';

/** What is remembered -> messages of the Searches service. */

export function summaryToWire(summary: SearchSummary, obstacle: Obstacle | undefined): WireSummary {
  const waits = summary.state === 'running' ? obstacle : undefined;
  return {
    id: summary.id,
    name: summary.name,
    seed: summary.seed,
    specSha256: summary.specSha256,
    state: searchStateToWire(summary.state),
    message: waits?.message ?? summary.message,
    createdMs: summary.createdMs,
    endedMs: summary.endedMs ?? 0,
    trialsTotal: summary.trialsTotal,
    trialsDone: summary.trialsDone,
    waitingCode: waits?.code ?? '',
  };
}

export interface DetailOptions {
  /** With each trial's epochs; the record must hold them. */
  epochs?: boolean;
  /** With what a trial's lease carries. */
  configs?: boolean;
  /** Attempts' machines are places in this list. */
  machines?: MachineList;
}

export function detailToWire(record: SearchRecord, summary: WireSummary, options: DetailOptions): SearchDetail {
  const machines = new MachineList();
  const takenBy = machines.place(record.machine);
  return {
    search: summary,
    rounds: roundsToWire(record, { ...options, machines }),
    best: bestToWire(record),
    resultDigest: record.resultDigest,
    specYaml: record.specYaml,
    specJson: canonicalJson(record.spec as unknown as Json),
    fileName: record.fileName,
    fileSha256: record.fileSha256,
    numericsVersion: record.numericsVersion,
    datasets: record.datasets,
    machines: machines.all,
    takenBy,
  };
}

/** Machines, each once, in the order in which they come up. */
class MachineList {
  readonly all: Machine[] = [];
  private readonly places = new Map<string, number>();

  /** From 1; 0 for a machine that is not known. */
  place(machine: Machine | undefined): number {
    if (machine === undefined) return 0;
    const key = canonicalJson({ ...machine });
    const known = this.places.get(key) ?? this.all.push(machine);
    this.places.set(key, known);
    return known;
  }
}

export function roundsToWire(record: SearchRecord, options: DetailOptions = {}): RoundDetail[] {
  return record.rounds.map((round) => ({
    index: round.index,
    name: round.name,
    method: round.method,
    interval: intervalsToWire(round.interval),
    state: round.closed ? 'ROUND_CLOSED' : 'ROUND_OPEN',
    trialsTotal: round.trials.length,
    trials: round.trials.map((trial) => trialToWire(trial, record, options)),
  }));
}

function trialToWire(trial: TrialRecord, { datasets }: SearchRecord, options: DetailOptions): TrialDetail {
  const asked = options.configs
    ? { configJson: canonicalJson(trial.config), datasetSha256: datasetOf(trial.config, datasets)?.sha256 ?? '' }
    : {};
  return {
    number: trial.number,
    parameters: parametersToWire(trial.parameters),
    seed: trial.seed,
    state: trialStateToWire(stateOf(trial)),
    metrics: metricsToWire(trial.metrics),
    attempts: trial.attempts.map((attempt) => attemptToWire(attempt, options.machines?.place(attempt.machine) ?? 0)),
    weightsSha256: trial.weightsSha256,
    epochs: options.epochs ? trial.epochs.map(epochToWire) : [],
    carriedFrom: trial.carriedFrom,
    weightsKept: trial.weightsBlob !== '',
    weightsBlob: trial.weightsBlob,
    configuration: trial.configuration,
    ...asked,
  };
}

function stateOf({ state, attempts }: TrialRecord): TrialState {
  return state === 'pending' && attempts.at(-1)?.end === undefined && attempts.length > 0 ? 'leased' : state;
}

function attemptToWire(attempt: AttemptRecord, machine: number): AttemptDetail {
  const { number, worker, startedMs, endedMs, end, message, kernel } = attempt;
  return { number, worker, startedMs, endedMs: endedMs ?? 0, end: end ?? '', message, kernel, machine };
}

/** The best so far; null when no trial has the metric. */
export function bestToWire({ spec, rounds }: SearchRecord): BestTrial | null {
  const found = bestOfSearch(spec.metric, rounds.map(finishedSoFar));
  const first = found?.best.trials[0];
  if (found === undefined || first === undefined) return null;
  return {
    round: found.round.name,
    number: first.number,
    parameters: parametersToWire(first.parameters),
    metrics: metricsToWire(first.metrics),
    score: found.best.score,
    repeats: found.best.trials.map(({ number }) => number),
  };
}

function finishedSoFar(round: RoundRecord) {
  return {
    ...round,
    trials: round.trials.filter((trial): trial is TrialRecord & FinishedTrial => trial.state !== 'pending'),
  };
}

export function runningToWire({
  trial,
  attempt,
  worker,
  beside,
  epoch,
  epochs,
  inParts = false,
}: RunningAttempt): RunningTrial {
  return { number: trial, attempt, worker, beside, epoch, epochs, inParts };
}
