import { datasetOf, type RunningSearch } from './running-search.js';
import { canUse, type ConnectedWorker } from './workers.js';

/** What a running search waits for that somebody has to see to, or empty. */
export function prospects(search: RunningSearch, workers: readonly ConnectedWorker[], storeIsFull: boolean): string {
  if (storeIsFull) return 'waiting: the disk that holds the store is full; trials start again when there is room';
  if (workers.length === 0) return '';
  for (const { config } of search.round?.pending ?? []) {
    const dataset = datasetOf(config, search.datasets);
    if (dataset === undefined || workers.some((worker) => canUse(worker, dataset.sha256))) continue;
    for (const { name, unusable } of workers) {
      const why = unusable.get(dataset.sha256);
      if (why !== undefined) return `waiting: no connected worker can use data set ${dataset.name}; ${name}: ${why}`;
    }
    const identity = `SHA-256 ${dataset.sha256.slice(0, 12)}...`;
    return `waiting: no connected worker has data set ${dataset.name} (${identity}): vernier data fetch, or data add`;
  }
  return '';
}
