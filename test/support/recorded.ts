import type { RecordedSearch, RecordedTrial } from '../../coordinator/report/verify/recorded-search.js';
import { TINY_DATA, TINY_MACHINE, plannedTrial, searchSpec } from './search-fixtures.js';

/** A search of one round as it is recorded. It is not sound: for what looks at trials and results alone. */
export function recorded(trials: readonly RecordedTrial[], changes: Partial<RecordedSearch> = {}): RecordedSearch {
  const spec = searchSpec();
  return {
    id: 'abcdefghij',
    name: spec.name,
    seed: spec.seed,
    specSha256: 'cd'.repeat(32),
    state: 'completed',
    trialsTotal: trials.length,
    trialsDone: trials.length,
    specYaml: '',
    specJson: JSON.stringify(spec),
    fileName: 'tiny.yaml',
    fileSha256: '',
    numericsVersion: '1',
    datasets: [TINY_DATA],
    resultDigest: 'ef'.repeat(32),
    rounds: [{ index: 0, name: 'coarse', method: 'random', interval: {}, closed: true, trials: [...trials] }],
    best: trials[0]?.number,
    ...changes,
  };
}

export function recordedTrial(number: number, changes: Partial<RecordedTrial> = {}): RecordedTrial {
  const planned = plannedTrial(number);
  return {
    ...planned,
    round: 'coarse',
    state: 'completed',
    epochs: [{ epoch: 1, metrics: { val_loss: 1 / number } }],
    metrics: { val_loss: 1 / number },
    weightsSha256: 'ab'.repeat(32),
    configJson: JSON.stringify(planned.config),
    datasetSha256: TINY_DATA.sha256,
    computed: { kernel: 'native (avx2)', machine: TINY_MACHINE },
    ...changes,
  };
}
