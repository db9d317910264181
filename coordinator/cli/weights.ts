import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { dataDirOption, jsonOption, kernelOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { isDividedKind } from '../../proto/trainers/index.js';
import { metricsFromWire, parametersFromWire } from '../../proto/wire.js';
import { metricOf, summaryOf } from '../report/detail.js';
import { formatMetric, printable } from '../report/format.js';
import type { CoordinatorApi } from './api.js';
import { requireWritable, writeAtomically } from './atomic-file.js';
import { fetchBlob } from './fetch-blob.js';
import { coordinatorOption, countOption, LATEST_HELP, storeOption, type ReachOptions } from './options.js';
import { pickTrial, type PickedTrial } from './pick-trial.js';
import { LiveArea } from './progress/live-area.js';
import { searchId, withCoordinator } from './reach.js';

interface WeightsOptions extends ReachOptions {
  round?: string;
  trial?: number;
  output: string;
  retrain?: true;
  kernel?: string;
  dataDir?: string;
  json?: true;
}

const HELP = `
Examples:
  vernier weights --output best.safetensors
  vernier weights 3f2a --round coarse --output coarse.safetensors
  vernier weights 3f2a --trial 7 --output trial-7.safetensors

${LATEST_HELP}
Without --trial it is the best trial, of the round where --round names one.
Weights that the search did not keep are trained again on this machine, which
gives the same bits, and checked by their digest.`;

/** `vernier weights`: a trial's network, or all that a gradient check compared, as a safetensors file. */
export const weightsCommand: CommandFactory = (context) =>
  new Command('weights')
    .argument('[id]', 'the search')
    .addOption(new Option('--output <file>', 'safetensors file to write').makeOptionMandatory())
    .option('--round <name>', 'the best trial of this round; with --trial, the round it must be in')
    .addOption(countOption('--trial <n>', "the trial's number"))
    .option('--retrain', 'train again although the weights are kept')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(kernelOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((id: string | undefined, options: WeightsOptions) => weights(id, options, context));

/** What is known of the trial whose weights are wanted. */
interface Wanted extends PickedTrial {
  detail: SearchDetail__Output;
  /** They were kept and are written; else they must be made again. */
  written: boolean;
}

async function weights(id: string | undefined, options: WeightsOptions, context: CommandContext): Promise<void> {
  // The coordinator is let go before a training that may take minutes: it may be ours, and then holds the store.
  const wanted = await withCoordinator(options, context, ({ api }) => fetchKept(id, options, api, context.stderr));
  if (!wanted.written) {
    const bytes = await trainAgain(wanted, options, context);
    await writeAtomically(options.output, (file) => file.writeFile(bytes));
  }
  await tell(wanted, options, context);
}

async function fetchKept(
  id: string | undefined,
  options: WeightsOptions,
  api: CoordinatorApi,
  stderr: NodeJS.WriteStream,
): Promise<Wanted> {
  const { output } = options;
  const detail = await api.get({ id: await searchId(api, id) });
  const picked = pickTrial(detail, options);
  const { trial, round } = picked;
  await requireWritable(output);
  if (trial.weightsKept && !options.retrain) {
    try {
      await writeAtomically(output, (file) =>
        fetchBlob(api, trial.weightsBlob, async (chunk) => {
          await file.appendFile(chunk); // all of it, which write() does not promise
        }),
      );
      return { ...picked, detail, written: true };
    } catch (error) {
      const damaged =
        error instanceof VernierError && (error.code === 'BLOB_NOT_FOUND' || error.code === 'BLOB_MISMATCH');
      if (!damaged) throw error;
      stderr.write(`the kept weights cannot be used: ${error.message}\n`);
    }
  }
  const withConfigs = await api.get({ id: summaryOf(detail).id, configs: true });
  return { ...pickTrial(withConfigs, { round: round.name, trial: trial.number }), detail, written: false };
}

async function tell(
  { detail, trial, round, written }: Wanted,
  options: WeightsOptions,
  context: CommandContext,
): Promise<void> {
  const { size } = await stat(options.output);
  const metrics = metricsFromWire(trial.metrics);
  if (options.json) {
    const told = {
      file: options.output,
      bytes: size,
      source: written ? 'kept' : 'trained again',
      search: summaryOf(detail).id,
      round: round.name,
      trial: trial.number,
      parameters: parametersFromWire(trial.parameters),
      metrics,
      weightsSha256: trial.weightsSha256,
    };
    writeJson(told, context.stdout);
    return;
  }
  const { name } = metricOf(detail);
  const score = metrics[name];
  const scored = score === undefined ? '' : `, ${name} ${formatMetric(name, score)}`;
  context.stdout.write(
    `${options.output}: trial ${trial.number} of round ${printable(round.name)}${scored}, ${size} bytes\n` +
      `  ${written ? 'as the search kept them; their sum is right' : `${verbs(trial).done} again; their digest is the same`}\n`,
  );
}

/** @throws VernierError WEIGHTS_DIFFER when the digest is another, and what kept the training from ending */
async function trainAgain(
  { detail, trial }: Wanted,
  { kernel, dataDir }: WeightsOptions,
  context: CommandContext,
): Promise<Uint8Array> {
  const { stderr } = context;
  stderr.write(`${verbs(trial).doing} trial ${trial.number} again\n`);
  const area = stderr.isTTY ? new LiveArea(stderr) : undefined;
  try {
    const result = await context.retrain({
      configJson: trial.configJson,
      seed: trial.seed,
      datasetSha256: trial.datasetSha256,
      specSha256: summaryOf(detail).specSha256,
      ...(kernel === undefined ? {} : { kernel }),
      ...(dataDir === undefined ? {} : { dataDir }),
      onEpoch: ({ epoch }, epochs) => area?.show([`epoch ${epoch}/${epochs}`]),
      onPart: (done, parts) => area?.show([`part ${done}/${parts}`]),
      onKernelFallback: (reason) => stderr.write(`${printable(reason)}\n`),
    });
    if (result.weightsSha256 !== trial.weightsSha256) throw weightsDiffer(trial, result.weightsSha256);
    return result.weights;
  } finally {
    area?.clear();
  }
}

/** What is done with a trial; a divided one is no training. */
function verbs({ configJson }: PickedTrial['trial']): { doing: string; done: string } {
  const { kind } = JSON.parse(configJson) as { kind?: unknown };
  return isDividedKind(kind) ? { doing: 'computing', done: 'computed' } : { doing: 'training', done: 'trained' };
}

function weightsDiffer(trial: PickedTrial['trial'], found: string): VernierError {
  const { number, weightsSha256: expected } = trial;
  return new VernierError(
    'WEIGHTS_DIFFER',
    `trial ${number} was ${verbs(trial).done} again and gave other weights: digest ${found.slice(0, 12)}..., the search has ${expected.slice(0, 12)}...`,
    {
      mend: 'nothing was written; the same version of Vernier and the same data give the same bits: please report this',
    },
  );
}
