import { catalogued, type DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';

/**
 * What `run` checks before it starts anything: this machine has the data sets that the search's trials use.
 *
 * @throws VernierError DATASET_MISSING with the command that brings the first missing one
 */
export function requireDatasets(
  needed: readonly DatasetInfo[],
  local: readonly DatasetInfo[],
  dataDir: string | undefined,
): void {
  const here = new Set(local.map(({ sha256 }) => sha256));
  const missing = needed.filter(({ sha256 }) => !here.has(sha256)).map(({ name }) => name);
  const [first] = missing;
  if (first === undefined) return;
  const place = dataDir === undefined ? '' : ` --data-dir ${dataDir}`;
  const fetched = catalogued(first) !== undefined;
  throw new VernierError(
    'DATASET_MISSING',
    `data set${missing.length === 1 ? '' : 's'} ${missing.join(', ')}: not on this machine, or not complete`,
    {
      mend: fetched
        ? `fetch it: vernier data fetch ${first}${place}`
        : `add it: vernier data add ${first} PATH${place}`,
    },
  );
}

/** Data sets of one's own, which a coordinator cannot know of. */
export function ownDatasets(local: readonly DatasetInfo[]): DatasetInfo[] {
  return local.filter(({ name }) => catalogued(name) === undefined);
}
