import type { CommandContext, RetrainEnd } from '../../../proto/command.js';
import { toErrorPayload } from '../../../proto/errors.js';
import { thisMachine } from '../../../proto/machine.js';
import { isDividedKind } from '../../../proto/trainers/index.js';
import { printable } from '../../report/format.js';
import type { RecordedSearch, RecordedTrial } from '../../report/verify/recorded-search.js';
import { comparedWith, type VerifiedTrial } from '../../report/verify/verification.js';
import { localData, requireDatasets } from '../required-data.js';
import { verifyProgress } from './progress.js';
import { inWords } from './words.js';

export interface HereOptions {
  threads: number;
  kernel?: string;
  dataDir?: string;
}

/**
 * Trains the trials again in threads of this process.
 *
 * @throws VernierError DATASET_MISSING, DATASET_CORRUPT, and when no trial can be trained at all
 */
export async function trainHere(
  search: RecordedSearch,
  chosen: readonly RecordedTrial[],
  { threads, kernel, dataDir }: HereOptions,
  context: CommandContext,
): Promise<VerifiedTrial[]> {
  const identities = new Set(chosen.map(({ datasetSha256 }) => datasetSha256));
  const needed = search.datasets.filter(({ sha256 }) => identities.has(sha256));
  requireDatasets(needed, await localData(context, dataDir), dataDir);

  const progress = verifyProgress(context.stderr, context.env, chosen);
  try {
    const { kernel: used, trials } = await context.retrainAll({
      trials: chosen.map(({ configJson, seed, datasetSha256 }) => {
        return { configJson, seed, datasetSha256, specSha256: search.specSha256 };
      }),
      threads: chosen.some(({ config }) => isDividedKind(config['kind'])) ? threads : Math.min(threads, chosen.length),
      ...(kernel === undefined ? {} : { kernel }),
      ...(dataDir === undefined ? {} : { dataDir }),
      onEpoch: (trial, { epoch }, epochs) => progress.trained(trial, epoch, epochs),
      onPart: (trial, done, parts) => progress.trained(trial, done, parts, 'part'),
      onEnd: (trial, end) => progress.ended(trial, inWords(outcomeOf(chosen[trial] as RecordedTrial, end))),
      onKernelFallback: (reason) => progress.note(printable(reason)),
    });
    const again = { kernel: used, machine: thisMachine() };
    return chosen.map((trial, index) => ({ trial, again, outcome: outcomeOf(trial, trials[index] as RetrainEnd) }));
  } finally {
    progress.end();
  }
}

function outcomeOf(trial: RecordedTrial, end: RetrainEnd): VerifiedTrial['outcome'] {
  if (end.outcome === 'failed') return { problem: toErrorPayload(end.error) };
  const { outcome: state, epochs, metrics, weightsSha256 } = end;
  return comparedWith(trial, { state, epochs, metrics, weightsSha256 });
}
