import type { ErrorCode } from '../../proto/errors.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import type { RunningSearch } from './running-search.js';
import { canUse, type ConnectedWorker } from './workers.js';
import { datasetOf } from './trial.js';

/** What a running search waits for that somebody has to see to. */
export interface Obstacle {
  code: ErrorCode;
  message: string;
}

/** Of a search that lies in the store of a `run` of another one. */
export const OTHERS_TURN: Obstacle = {
  code: 'STORE_LOCKED',
  message: 'its store is in use by a `vernier run` of another search; run or serve it when that has ended',
};

/** Whether this program's workers give the bits that the search's other trials have. */
export function isComputable({ numericsVersion }: RunningSearch): boolean {
  return numericsVersion === NUMERICS_VERSION;
}

/** The obstacle before a search's next trials; undefined when they run, or wait only for workers to come or to be free. */
export function obstacle(
  search: RunningSearch,
  workers: readonly ConnectedWorker[],
  storeIsFull: boolean,
): Obstacle | undefined {
  if (!isComputable(search)) {
    return {
      code: 'NUMERICS_MISMATCH',
      message: `it began by numerics ${search.numericsVersion}, and this vernier computes by ${NUMERICS_VERSION}: go on with the version that began it, or cancel it and start anew`,
    };
  }
  if (storeIsFull) {
    return {
      code: 'STORE_FULL',
      message: 'the disk that holds the store is full; trials start again when there is room',
    };
  }
  if (workers.length === 0) return undefined;
  for (const { config } of search.round?.pending ?? []) {
    const dataset = datasetOf(config, search.datasets);
    if (dataset === undefined || workers.some((worker) => canUse(worker, dataset.sha256))) continue;
    for (const { name, unusable } of workers) {
      const why = unusable.get(dataset.sha256);
      if (why === undefined) continue;
      return {
        code: why.code,
        message: `no connected worker can use data set ${dataset.name}; worker ${name}: ${why.message}`,
      };
    }
    const identity = `SHA-256 ${dataset.sha256.slice(0, 12)}...`;
    return { code: 'DATASET_MISSING', message: `no connected worker has data set ${dataset.name} (${identity})` };
  }
  return undefined;
}
