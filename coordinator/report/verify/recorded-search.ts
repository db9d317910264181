import type { Json } from '../../../proto/canonical.js';
import type { DatasetInfo, ImageShape } from '../../../proto/datasets.js';
import type { EpochMetrics, Interval, Metrics, SearchState, TrialState } from '../../../proto/domain.js';
import { VernierError } from '../../../proto/errors.js';
import type { DatasetInfo__Output } from '../../../proto/generated/vernier/v1/DatasetInfo.js';
import type { RoundDetail__Output } from '../../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../../proto/generated/vernier/v1/TrialDetail.js';
import {
  epochFromWire,
  intervalsFromWire,
  metricsFromWire,
  parametersFromWire,
  searchStateFromWire,
  trialStateFromWire,
} from '../../../proto/wire.js';
import type { PlannedTrial } from '../../search/round.js';
import { summaryOf } from '../detail.js';
import { computedBy, type Computed } from '../provenance.js';

/** A trial with everything that a search keeps of it. */
export interface RecordedTrial extends PlannedTrial {
  /** From 1, over the whole search. */
  number: number;
  /** Its round's name. */
  round: string;
  state: TrialState;
  epochs: EpochMetrics[];
  metrics: Metrics;
  /** Empty when it has none. */
  weightsSha256: string;
  /** The settings as a lease carries them. */
  configJson: string;
  /** Identity of its data; empty when its settings name none of the search's data sets. */
  datasetSha256: string;
  /** What gave its results; undefined without results. */
  computed: Computed | undefined;
}

export interface RecordedRound {
  index: number;
  name: string;
  method: string;
  interval: Record<string, Interval>;
  closed: boolean;
  trials: RecordedTrial[];
}

/** A search as it is kept, results to the last bit. */
export interface RecordedSearch {
  id: string;
  name: string;
  seed: number;
  specSha256: string;
  state: SearchState;
  trialsTotal: number;
  trialsDone: number;
  specYaml: string;
  /** The specification as JSON; what it holds is not checked. */
  specJson: string;
  fileName: string;
  /** Empty when it was not recorded. */
  fileSha256: string;
  numericsVersion: string;
  datasets: DatasetInfo[];
  /** Empty unless the search completed. */
  resultDigest: string;
  rounds: RecordedRound[];
  /** Number of the best trial; undefined when there is none. */
  best: number | undefined;
}

/**
 * @param detail with epochs and settings
 * @throws VernierError PROTOCOL_VIOLATION when it lacks what every search has
 */
export function recordedSearch(detail: SearchDetail__Output): RecordedSearch {
  const { id, name, seed, specSha256, state, trialsTotal, trialsDone } = summaryOf(detail);
  const { specYaml, specJson, fileName, fileSha256, numericsVersion, resultDigest } = detail;
  return {
    id,
    name,
    seed,
    specSha256,
    trialsTotal,
    trialsDone,
    state: searchStateFromWire(state),
    specYaml,
    specJson,
    fileName,
    fileSha256,
    numericsVersion,
    resultDigest,
    datasets: detail.datasets.map(datasetFromWire),
    rounds: detail.rounds.map((round) => recordedRound(round, detail)),
    best: detail.best?.number,
  };
}

export function trialsOf({ rounds }: Pick<RecordedSearch, 'rounds'>): RecordedTrial[] {
  return rounds.flatMap(({ trials }) => trials);
}

/** Whether it has results that training again can be compared with. */
export function hasResults({ state }: Pick<RecordedTrial, 'state'>): boolean {
  return state === 'completed' || state === 'diverged';
}

function recordedRound(round: RoundDetail__Output, detail: SearchDetail__Output): RecordedRound {
  const { index, name, method, interval, state, trials } = round;
  return {
    index,
    name,
    method,
    interval: intervalsFromWire(interval),
    closed: state === 'ROUND_CLOSED',
    trials: trials.map((trial) => recordedTrial(trial, round, detail)),
  };
}

function recordedTrial(
  trial: TrialDetail__Output,
  { name }: RoundDetail__Output,
  detail: SearchDetail__Output,
): RecordedTrial {
  const { number, seed, configuration, carriedFrom, weightsSha256, configJson, datasetSha256 } = trial;
  return {
    number,
    seed,
    configuration,
    carriedFrom,
    weightsSha256,
    configJson,
    datasetSha256,
    round: name,
    parameters: parametersFromWire(trial.parameters),
    config: settings(configJson),
    state: trialStateFromWire(trial.state),
    epochs: trial.epochs.map(epochFromWire),
    metrics: metricsFromWire(trial.metrics),
    computed: computedBy(trial, detail),
  };
}

function settings(configJson: string): { [key: string]: Json } {
  try {
    return JSON.parse(configJson) as { [key: string]: Json };
  } catch (cause) {
    const shown = JSON.stringify(configJson.slice(0, 40));
    throw new VernierError('PROTOCOL_VIOLATION', `the coordinator's answer holds settings that are no JSON: ${shown}`, {
      mend: 'run the same version of vernier on both sides',
      cause,
    });
  }
}

function datasetFromWire({ image, ...described }: DatasetInfo__Output): DatasetInfo {
  return image === null ? described : { ...described, image: image as ImageShape };
}
