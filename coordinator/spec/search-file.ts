import { canonicalJson, sha256Hex, type Json } from '../../proto/canonical.js';
import { datasetCatalogue, datasetInfoOf, type DatasetInfo } from '../../proto/datasets.js';
import type { SearchSpec } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import { MAX_SEED } from '../../proto/seed.js';
import { Problems } from './problems.js';
import { readSearch } from './read-search.js';

/** A search file that was found sound. */
export interface SearchFile {
  spec: SearchSpec;
  /** SHA-256 of the specification's canonical JSON: equal for files that ask for the same, however they are written. */
  specSha256: string;
  /** Data sets that the trials read, by name. */
  datasets: DatasetInfo[];
}

export interface SearchFileOptions {
  /** What messages call the file. */
  fileName: string;
  /** Replaces the file's seed. */
  seed?: number;
  /** Data sets of the submitter's own, besides those of the catalogue. */
  datasets: readonly DatasetInfo[];
}

/**
 * Reads a search file (docs/search-file.md).
 *
 * @throws VernierError SPEC_INVALID whose problems are all of the file's mistakes, in file order, each with line and column;
 *   USAGE when `options.seed` is no seed
 */
export function parseSearchFile(text: string, options: SearchFileOptions): SearchFile {
  const { seed, fileName } = options;
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED)) {
    throw new VernierError('USAGE', `the seed must be a whole number from 0 to ${MAX_SEED}, not ${seed}`, {
      mend: 'give a seed such as 42',
    });
  }
  // A byte order mark is no character of the first line.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const problems = new Problems();
  const datasets = knownDatasets(options.datasets);
  const search = readSearch(body, { seed, datasets }, problems);
  const mistakes = problems.inFileOrder(body);
  if (search === undefined || mistakes.length > 0) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    throw new VernierError('SPEC_INVALID', `${fileName} has ${count}`, { problems: mistakes });
  }
  const { spec } = search;
  return {
    spec,
    specSha256: sha256Hex(canonicalJson(spec as unknown as Json)),
    datasets: [...search.datasetNames].sort().flatMap((name) => datasets.get(name) ?? []),
  };
}

/** By name. The catalogue's names are its own: a data set is what its name says on every machine. */
function knownDatasets(own: readonly DatasetInfo[]): Map<string, DatasetInfo> {
  const known = new Map<string, DatasetInfo>();
  for (const dataset of [...datasetCatalogue, ...own]) {
    if (!known.has(dataset.name)) known.set(dataset.name, datasetInfoOf(dataset));
  }
  return known;
}
