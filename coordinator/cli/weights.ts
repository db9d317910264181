import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { metricsFromWire, parametersFromWire } from '../../proto/wire.js';
import { metricOf, summaryOf } from '../report/detail.js';
import { formatMetric, printable } from '../report/format.js';
import { requireWritable, writeAtomically } from './atomic-file.js';
import { fetchBlob } from './fetch-blob.js';
import {
  coordinatorOption,
  countOption,
  dataDirOption,
  jsonOption,
  kernelOption,
  LATEST_HELP,
  storeOption,
  type ReachOptions,
} from './options.js';
import { pickTrial, type PickedTrial } from './pick-trial.js';
import { LiveArea } from './progress/live-area.js';
import { searchId, withCoordinator, type Reached } from './reach.js';
import { writeJson } from './result.js';

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
Without --trial it is the best trial, of the round where --round names one. Weights that the search did not keep are
trained again on this machine, which gives the same bits, and checked by their digest.`;

/** `vernier weights`: a trial's network as a safetensors file. */
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
    .action((id: string | undefined, options: WeightsOptions) =>
      withCoordinator(options, context, (reached) => weights(id, options, reached, context)),
    );

async function weights(
  id: string | undefined,
  options: WeightsOptions,
  { api }: Reached,
  context: CommandContext,
): Promise<void> {
  const { output } = options;
  const detail = await api.get({ id: await searchId(api, id) });
  const search = summaryOf(detail);
  const picked = pickTrial(detail, options);
  const { trial, round } = picked;
  await requireWritable(output);

  const kept = trial.weightsKept && !options.retrain;
  if (kept) {
    await writeAtomically(output, (file) =>
      fetchBlob(api, trial.weightsBlob, async (chunk) => {
        await file.write(chunk);
      }),
    );
  } else {
    const bytes = await trainAgain(search.id, search.specSha256, picked, options, api, context);
    await writeAtomically(output, (file) => file.writeFile(bytes));
  }

  const { size } = await stat(output);
  if (options.json) {
    const written = {
      file: output,
      bytes: size,
      source: kept ? 'kept' : 'trained again',
      search: search.id,
      round: round.name,
      trial: trial.number,
      parameters: parametersFromWire(trial.parameters),
      metrics: metricsFromWire(trial.metrics),
      weightsSha256: trial.weightsSha256,
    };
    writeJson(written, context.stdout);
    return;
  }
  const metric = metricOf(detail);
  const score = metricsFromWire(trial.metrics)[metric.name];
  const scored = score === undefined ? '' : `, ${metric.name} ${formatMetric(metric.name, score)}`;
  context.stdout.write(
    `${output}: trial ${trial.number} of round ${printable(round.name)}${scored}, ${size} bytes\n` +
      `  ${kept ? 'as the search kept them; their sum is right' : 'trained again; the digest is the same'}\n`,
  );
}

/** @throws VernierError WEIGHTS_DIFFER when the digest is another, and what kept the training from ending */
async function trainAgain(
  search: string,
  specSha256: string,
  { trial: { number }, round }: PickedTrial,
  { kernel, dataDir }: WeightsOptions,
  api: Reached['api'],
  context: CommandContext,
): Promise<Uint8Array> {
  const detail = await api.get({ id: search, configs: true });
  const { trial } = pickTrial(detail, { round: round.name, trial: number });
  const { stderr } = context;
  stderr.write(`trial ${number} is trained again, its weights are not kept\n`);
  const area = stderr.isTTY ? new LiveArea(stderr) : undefined;
  try {
    const result = await context.retrain({
      configJson: trial.configJson,
      seed: trial.seed,
      datasetSha256: trial.datasetSha256,
      specSha256,
      ...(kernel === undefined ? {} : { kernel }),
      ...(dataDir === undefined ? {} : { dataDir }),
      onEpoch: ({ epoch }, epochs) => area?.show([`epoch ${epoch}/${epochs}`]),
    });
    if (result.weightsSha256 !== trial.weightsSha256)
      throw weightsDiffer(number, trial.weightsSha256, result.weightsSha256);
    return result.weights;
  } finally {
    area?.clear();
  }
}

function weightsDiffer(trial: number, expected: string, found: string): VernierError {
  return new VernierError(
    'WEIGHTS_DIFFER',
    `trial ${trial} was trained again and gave other weights: digest ${found.slice(0, 12)}..., the search has ${expected.slice(0, 12)}...`,
    {
      mend: 'nothing was written; the same version of Vernier and the same data give the same bits: please report this',
    },
  );
}
