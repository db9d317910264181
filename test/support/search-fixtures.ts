import { canonicalJson, sha256Hex, type Json } from '../../proto/canonical.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import type { RoundSpec, SearchSpec } from '../../proto/domain.js';
import type { Machine } from '../../proto/machine.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { PlannedTrial } from '../../coordinator/search/round.js';
import type { NewSearch, TrialResults } from '../../coordinator/store/records.js';

/** A data set that exists in name only. */
export const TINY_DATA: DatasetInfo = {
  name: 'tiny',
  sha256: sha256Hex('tiny'),
  train: 100,
  test: 20,
  inputs: 4,
  classes: 3,
};

/** A machine that exists in name only. */
export const TINY_MACHINE: Machine = {
  version: '0.0.1',
  node: '20.0.0',
  v8: '11.3',
  system: 'linux 6.1.0',
  architecture: 'x64',
  processor: 'Tiny 8080',
};

export function roundSpec(changes: Partial<RoundSpec> = {}): RoundSpec {
  return {
    name: 'coarse',
    method: 'random',
    trials: 3,
    trial: {
      kind: 'two-layer',
      dataset: { name: 'tiny', train: 80, validation: 20 },
      learning_rate: { schedule: 'constant', value: 0.1 },
      epochs: 2,
      lambda: 0,
    },
    parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 } },
    ...changes,
  };
}

export function searchSpec(changes: Partial<SearchSpec> = {}): SearchSpec {
  const rounds = changes.rounds ?? [
    roundSpec(),
    roundSpec({
      name: 'fine',
      trials: 2,
      narrow: { kind: 'between', best: 2, margin: 0, widen: false },
      carry: { best: 1 },
    }),
  ];
  return {
    name: 'tiny-search',
    seed: 42,
    metric: { name: 'val_accuracy', goal: 'maximize' },
    parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 } },
    trainingSeeds: [7],
    keepWeights: 'best',
    retries: 3,
    onFailure: 'continue',
    ...changes,
    rounds,
  };
}

export function newSearch(id: string, changes: Partial<SearchSpec> = {}): NewSearch {
  const spec = searchSpec(changes);
  const specSha256 = sha256Hex(canonicalJson(spec as unknown as Json));
  const specYaml = `name: ${spec.name}\n`;
  const of = { fileName: 'tiny.yaml', machine: TINY_MACHINE, datasets: [TINY_DATA], numericsVersion: NUMERICS_VERSION };
  return { id, spec, specSha256, specYaml, ...of, trialsTotal: 6 };
}

export function plannedTrial(number: number, changes: Partial<PlannedTrial> = {}): PlannedTrial & { number: number } {
  return {
    number,
    parameters: { lambda: number / 1000 },
    seed: 7,
    config: { kind: 'two-layer', dataset: { name: 'tiny', train: 80, validation: 20 }, lambda: number / 1000 },
    configuration: number - 1,
    carriedFrom: 0,
    ...changes,
  };
}

export function trialResults(score: number, changes: Partial<TrialResults> = {}): TrialResults {
  const metrics = { val_accuracy: score, val_loss: 1 - score };
  return {
    epochs: [
      { epoch: 1, metrics: { val_accuracy: score / 2, val_loss: 1 } },
      { epoch: 2, metrics },
    ],
    metrics,
    weightsSha256: sha256Hex(`weights ${score}`),
    weightsBlob: '',
    ...changes,
  };
}
