import { parseSearchFile, type SearchFile, type SearchFileOptions } from '../../../coordinator/spec/search-file.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import { VernierError, type Problem } from '../../../proto/errors.js';

/** A data set of the submitter's own, without test records. */
export const MINE: DatasetInfo = { name: 'mine', sha256: 'ab'.repeat(32), train: 120, test: 0, inputs: 4, classes: 2 };

export function parse(text: string, options: Partial<SearchFileOptions> = {}): SearchFile {
  return parseSearchFile(text, { fileName: 'search.yaml', datasets: [], ...options });
}

/** The file's mistakes; none when it is sound. */
export function problemsOf(text: string, options: Partial<SearchFileOptions> = {}): readonly Problem[] {
  try {
    parse(text, options);
    return [];
  } catch (error) {
    if (error instanceof VernierError && error.code === 'SPEC_INVALID') return error.problems;
    throw error;
  }
}

/** A sound file, to be changed. */
export const SOUND = `name: sound
seed: 42
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: mnist, train: 50000, validation: 10000 }
  learning_rate: { schedule: triangular, min: 1.0e-5, max: 1.0e-1, step_size: { epochs: 1 } }
  cycles: 2
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1 }
rounds:
  - { name: coarse, method: random, trials: 8 }
  - { name: fine, method: random, trials: 8, narrow: { between: { best: 2 } }, carry: { best: 3 } }
`;

/** SOUND with every first occurrence of a piece of text replaced. */
export function changed(...replacements: [piece: string, by: string][]): string {
  return replacements.reduce((text, [piece, by]) => {
    if (!text.includes(piece)) throw new Error(`the sound file does not hold ${piece}`);
    return text.replace(piece, () => by);
  }, SOUND);
}
