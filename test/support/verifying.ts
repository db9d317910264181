import { verifyCommand } from '../../coordinator/cli/verify.js';
import type { VerificationJson } from '../../coordinator/report/verify/verification.js';
import type { CommandContext, RetrainEnd, RetrainTrial } from '../../proto/command.js';
import type { TrialPool } from '../../worker/pool/trial-pool.js';
import { retrainIn } from '../../worker/session/retrain.js';
import { runCommand, type Told } from './command.js';
import { EMBEDDED } from './pool-worker.js';

/** Search files over the embedded data that are run within a second. */
export const TWO_ROUND_SEARCH = `
# Two rounds, each configuration trained with two seeds.
name: planted
seed: 11
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: fashion-mnist-mini, train: 400, validation: 200 }
  hidden: 8
  batch_size: 20
  learning_rate: { schedule: triangular, min: 1.0e-5, max: 1.0e-1, step_size: { epochs: 1 } }
  cycles: 1
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1 }
  hidden: { values: [6, 8] }
repeats: 2
keep_weights: none
rounds:
  - { name: coarse, method: random, trials: 3 }
  - name: fine
    method: random
    trials: 2
    narrow: { between: { best: 2 } }
    carry: { best: 1 }
    trial: { test: true, evaluate: { train: epoch } }
`;

/** Every trial diverges, so the second round cannot be opened: a search that fails with results and without a digest. */
export const FAILING_SEARCH = `
name: failing
seed: 5
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: fashion-mnist-mini, train: 400, validation: 200 }
  hidden: 8
  learning_rate: { schedule: constant, value: 1.0e+30 }
  epochs: 3
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1 }
rounds:
  - { name: coarse, method: random, trials: 2 }
  - { name: fine, method: random, trials: 2, narrow: { between: { best: 2 } } }
`;

/** Trains on a pool; what was trained before is remembered. */
export function retrainer(pool: TrialPool): Pick<CommandContext, 'retrainAll'> {
  const known = new Map<string, RetrainEnd>();
  return {
    retrainAll: async (request) => {
      const unknown = request.trials.filter((trial) => !known.has(keyOf(trial)));
      const { trials: ends } = await retrainIn(pool, { trials: unknown }, [EMBEDDED]);
      unknown.forEach((trial, index) => known.set(keyOf(trial), ends[index]!));
      return {
        kernel: pool.kernelLabel,
        trials: request.trials.map((trial, index) => {
          const end = known.get(keyOf(trial))!;
          request.onEnd?.(index, end);
          return end;
        }),
      };
    },
  };
}

function keyOf({ configJson, seed, datasetSha256 }: RetrainTrial): string {
  return [configJson, seed, datasetSha256].join(' ');
}

/** Runs `vernier verify` in this process; `json` is what it printed, where it came so far. */
export async function verify(
  args: readonly string[],
  given: Partial<CommandContext>,
): Promise<Told & { json: VerificationJson | undefined }> {
  const context = { localDatasets: () => Promise.resolve([EMBEDDED]), ...given };
  const told = await runCommand(verifyCommand, ['verify', ...args, '--json'], {}, context);
  return { ...told, json: told.stdout === '' ? undefined : (JSON.parse(told.stdout) as VerificationJson) };
}
