import type { Metrics, Parameters } from '../../../proto/domain.js';
import type { BestTrial__Output } from '../../../proto/generated/vernier/v1/BestTrial.js';
import type { Metric__Output } from '../../../proto/generated/vernier/v1/Metric.js';
import type { ParameterValue__Output } from '../../../proto/generated/vernier/v1/ParameterValue.js';
import type { RoundDetail__Output } from '../../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../../proto/generated/vernier/v1/TrialDetail.js';
import { metricsToWire, parametersToWire } from '../../../proto/wire.js';
import { TINY_DATA, TINY_MACHINE } from '../../support/search-fixtures.js';

/** Answers of a coordinator, as they are read off the wire. */

const parameters = (values: Parameters): Record<string, ParameterValue__Output> =>
  parametersToWire(values) as Record<string, ParameterValue__Output>;
const metrics = (values: Metrics): Metric__Output[] => metricsToWire(values) as Metric__Output[];

export function trial(
  number: number,
  values: Parameters,
  results: Metrics,
  overrides: Partial<TrialDetail__Output> = {},
): TrialDetail__Output {
  return {
    number,
    parameters: parameters(values),
    seed: 7,
    state: 'TRIAL_COMPLETED',
    metrics: metrics(results),
    attempts: [
      { number: 1, worker: 'w', startedMs: 1, endedMs: 2, end: 'completed', message: '', kernel: 'wasm', machine: 1 },
    ],
    weightsSha256: 'ab'.repeat(32),
    epochs: [],
    carriedFrom: 0,
    weightsKept: false,
    weightsBlob: '',
    configJson: '',
    datasetSha256: '',
    configuration: number,
    ...overrides,
  };
}

export function round(
  trials: TrialDetail__Output[],
  overrides: Partial<RoundDetail__Output> = {},
): RoundDetail__Output {
  return {
    index: 0,
    name: 'coarse',
    method: 'random',
    interval: { lambda: { min: 1e-5, max: 0.1 } },
    state: 'ROUND_CLOSED',
    trialsTotal: trials.length,
    trials,
    ...overrides,
  };
}

export function best(number: number, values: Parameters, results: Metrics, score: number): BestTrial__Output {
  return {
    round: 'final',
    number,
    parameters: parameters(values),
    metrics: metrics(results),
    score,
    repeats: [number],
  };
}

export function detail(
  rounds: RoundDetail__Output[],
  overrides: Partial<SearchDetail__Output> = {},
): SearchDetail__Output {
  return {
    search: {
      id: '7d3f',
      name: 'quickstart',
      seed: 42,
      specSha256: 'cd'.repeat(32),
      state: 'SEARCH_COMPLETED',
      message: '',
      createdMs: 1,
      endedMs: 2,
      trialsTotal: 20,
      trialsDone: 20,
      waitingCode: '',
    },
    rounds,
    best: best(20, { lambda: 0.00178372 }, { val_accuracy: 0.526, test_accuracy: 0.52209 }, 0.526),
    resultDigest: 'ef'.repeat(32),
    specYaml: '',
    specJson: JSON.stringify({ metric: { name: 'val_accuracy', goal: 'maximize' } }),
    fileName: 'quickstart.yaml',
    fileSha256: '12'.repeat(32),
    numericsVersion: '1',
    datasets: [{ ...TINY_DATA, image: null }],
    machines: [TINY_MACHINE],
    takenBy: 1,
    ...overrides,
  };
}
