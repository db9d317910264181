import type { RetrainRequest, RetrainResult } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { openNode } from '../pool/node.js';

/**
 * Trains one trial again on this machine, in a pool of one thread and without a coordinator. The same settings, seed and
 * data give the same bits as they gave the search.
 *
 * @throws VernierError of what kept it from ending: TRIAL_INVALID, DATASET_MISSING, THREAD_CRASHED, ...
 */
export async function retrain(request: RetrainRequest, env: NodeJS.ProcessEnv): Promise<RetrainResult> {
  const { kernel, dataDir, onKernelFallback } = request;
  const pool = await openNode({
    threads: 1,
    kernel,
    env,
    dataDir,
    ...(onKernelFallback === undefined ? {} : { onKernelFallback }),
  });
  try {
    const { configJson, seed, datasetSha256, specSha256, onEpoch } = request;
    const trial = pool.run(
      { configJson, seed, datasetSha256, specSha256, weights: { keep: 'always' } },
      (epoch, epochsTotal) => onEpoch?.(epoch, epochsTotal),
    );
    const end = await trial.ended;
    if (end.outcome === 'failed' || end.outcome === 'crashed') throw end.error;
    if (end.outcome === 'cancelled' || end.weights === undefined) {
      throw new VernierError('INTERNAL', `the trial ended ${end.outcome} and without its weights`);
    }
    return { ...end, weights: end.weights };
  } finally {
    await pool.close();
  }
}
