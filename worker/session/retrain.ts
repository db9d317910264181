import { availableParallelism } from 'node:os';
import type {
  RetrainAllRequest,
  RetrainAllResult,
  RetrainEnd,
  RetrainOptions,
  RetrainRequest,
  RetrainResult,
  RetrainTrial,
} from '../../proto/command.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { isDivided } from '../../proto/trainers/index.js';
import { localDatasets } from '../datasets/local.js';
import { openNode } from '../pool/node.js';
import type { PoolTrialEnd, TrialStart } from '../pool/pool-trial.js';
import { sideBySideOf } from '../pool/side-by-side.js';
import type { TrialPool } from '../pool/trial-pool.js';
import { parseTrialConfig } from '../trainers/index.js';
import { threadGroups } from './retrain-groups.js';

/*
 * Training again on this machine, without a coordinator. The same settings, seed and data give the same bits as they gave the
 * search.
 */

/**
 * Trains one trial again, in one thread; one that is divided in as many as there are cores.
 *
 * @throws VernierError of what kept it from ending: TRIAL_INVALID, DATASET_MISSING, THREAD_CRASHED, ...
 */
export async function retrain(request: RetrainRequest, env: NodeJS.ProcessEnv): Promise<RetrainResult> {
  const { configJson, seed, datasetSha256, specSha256, onEpoch, onPart } = request;
  const threads = isDivided(parseTrialConfig(configJson)) ? availableParallelism() : 1;
  return withPool(threads, request, env, async (pool) => {
    const trial = pool.run(
      { configJson, seed, datasetSha256, specSha256, weights: { keep: 'always' } },
      (epoch, epochsTotal) => onEpoch?.(epoch, epochsTotal),
      onPart,
    );
    const end = await trial.ended;
    if (end.outcome === 'failed' || end.outcome === 'crashed') throw end.error;
    if (end.outcome === 'cancelled' || end.weights === undefined) {
      throw new VernierError('INTERNAL', `the trial ended ${end.outcome} and without its weights`);
    }
    return { ...end, weights: end.weights };
  });
}

/**
 * Trains several trials again, on all threads, those side by side that see the same mini-batches.
 *
 * @throws VernierError when none can be trained: KERNEL_UNAVAILABLE, THREAD_CRASHED, USAGE
 */
export async function retrainAll(request: RetrainAllRequest, env: NodeJS.ProcessEnv): Promise<RetrainAllResult> {
  const datasets = await localDatasets(env, request.dataDir);
  return withPool(request.threads, request, env, (pool) => retrainIn(pool, request, datasets));
}

/** @param datasets those of this machine, by which trials are laid side by side */
export async function retrainIn(
  pool: TrialPool,
  { trials, onEpoch, onPart, onEnd }: Pick<RetrainAllRequest, 'trials' | 'onEpoch' | 'onPart' | 'onEnd'>,
  datasets: readonly DatasetInfo[],
): Promise<RetrainAllResult> {
  const ends: RetrainEnd[] = [];
  const groups = threadGroups(trials, { threads: pool.threads, datasets, ...sideBySideOf('auto') });
  await Promise.all(
    groups.flatMap((group) => {
      const starts = group.map((index) => start(trials[index] as RetrainTrial, index, { onEpoch, onPart }));
      return pool.runTogether(starts).map(async ({ ended }, place) => {
        const index = group[place] as number;
        const end = retrainEnd(await ended);
        ends[index] = end;
        onEnd?.(index, end);
      });
    }),
  );
  return { kernel: pool.kernelLabel, trials: ends };
}

function start(
  { configJson, seed, datasetSha256, specSha256 }: RetrainTrial,
  index: number,
  { onEpoch, onPart }: { [Listener in 'onEpoch' | 'onPart']: RetrainAllRequest[Listener] | undefined },
): TrialStart {
  return {
    request: { configJson, seed, datasetSha256, specSha256, weights: { keep: 'never' } },
    onEpoch: (epoch, epochsTotal) => onEpoch?.(index, epoch, epochsTotal),
    onPart: (done, parts) => onPart?.(index, done, parts),
  };
}

function retrainEnd(end: PoolTrialEnd): RetrainEnd {
  if (end.outcome === 'failed' || end.outcome === 'crashed') return { outcome: 'failed', error: end.error };
  if (end.outcome === 'cancelled') {
    return { outcome: 'failed', error: new VernierError('INTERRUPTED', 'the trial was cancelled') };
  }
  const { outcome, epochs, metrics, weightsSha256 } = end;
  return { outcome, epochs, metrics, weightsSha256 };
}

async function withPool<T>(
  threads: number,
  { kernel, dataDir, onKernelFallback }: RetrainOptions,
  env: NodeJS.ProcessEnv,
  use: (pool: TrialPool) => Promise<T>,
): Promise<T> {
  const fallback = onKernelFallback === undefined ? {} : { onKernelFallback };
  const pool = await openNode({ threads, kernel, env, dataDir, ...fallback });
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}
