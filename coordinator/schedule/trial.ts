import type { Json } from '../../proto/canonical.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import type { Metrics, TrialState } from '../../proto/domain.js';
import type { FinishedTrial, PlannedTrial } from '../search/round.js';
import type { TrialRecord } from '../store/records.js';
import { NO_ATTEMPTS, tallyOf, usedUp, type AttemptTally } from './tally.js';

/** A trial of a running search. Its epochs are in the store only. */
export interface Trial extends PlannedTrial {
  /** From 1, over the whole search. */
  readonly number: number;
  state: TrialState;
  metrics: Metrics;
  /** Blob with its weights, or empty. */
  weightsBlob: string;
  tally: AttemptTally;
  /** Of a trial that failed for good: the end of a sentence that begins with its number. */
  failure: string;
}

export function newTrial(planned: PlannedTrial, number: number): Trial {
  return { ...planned, number, state: 'pending', metrics: {}, weightsBlob: '', tally: NO_ATTEMPTS, failure: '' };
}

/** @param tries how often the program itself may fail */
export function storedTrial(record: TrialRecord, tries: number): Trial {
  const { number, parameters, seed, config, configuration, carriedFrom, metrics, weightsBlob, attempts } = record;
  const leased = attempts.some(({ end }) => end === undefined);
  const tally = tallyOf(attempts);
  return {
    number,
    parameters,
    seed,
    config,
    configuration,
    carriedFrom,
    metrics,
    weightsBlob,
    state: leased ? 'leased' : record.state,
    tally,
    failure: failure(tally, tries, attempts.at(-1)?.message ?? ''),
  };
}

/** What a search says of a trial that failed for good. */
export function failure(tally: AttemptTally, tries: number, message: string): string {
  return `${usedUp(tally, tries) ?? 'failed'}: ${message}`;
}

/** Whether the trial has ended, as the search's own types say it. */
export function isEnded(trial: Trial): trial is Trial & FinishedTrial {
  return trial.state !== 'pending' && trial.state !== 'leased';
}

/** The data set a trial's settings name; undefined when they name none. */
export function datasetOf(
  config: { readonly [key: string]: Json },
  datasets: readonly DatasetInfo[],
): DatasetInfo | undefined {
  const { dataset } = config;
  if (dataset === null || typeof dataset !== 'object' || Array.isArray(dataset)) return undefined;
  return datasets.find(({ name }) => name === dataset['name']);
}
