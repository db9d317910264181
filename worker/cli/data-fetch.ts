import { Command } from 'commander';
import { dataDirOption, jsonOption } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { catalogued } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { fetchDataset } from '../datasets/fetch.js';
import { dataFolder } from '../datasets/folder.js';
import { unknownDataset } from '../datasets/names.js';
import { findDataset } from '../datasets/stored.js';
import type { DataOptions } from './data-options.js';
import { FETCHABLE } from './dataset-text.js';
import { writeOutcome } from './outcome.js';
import { transferProgress } from './transfer-progress.js';

interface FetchOptions extends DataOptions {
  url?: string;
}

const HELP = `
Examples:
  vernier data fetch cifar10
  vernier data fetch mnist --url https://mirror.example.org/mnist/

A download that was cut goes on where it stopped, also in a later run. Every
file is checked by its SHA-256.`;

/** `vernier data fetch`: downloads a data set of the catalogue. */
export const fetchCommand: CommandFactory = (context) =>
  new Command('fetch')
    .summary('download a data set')
    .description('Downloads a data set, checks it and unpacks it into the data folder.')
    .argument('<name>', FETCHABLE.join(', '))
    .option('--url <address>', 'instead of the official one: of the archive, or of the folder of the .gz files')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((name: string, options: FetchOptions) => fetch(name, options, context));

async function fetch(name: string, options: FetchOptions, context: CommandContext): Promise<void> {
  const { env, stderr } = context;
  const dataDir = dataFolder(env, options.dataDir);
  const entry = catalogued(name);
  if (entry === undefined) throw await cannotFetch(name, dataDir);
  const progress = transferProgress(stderr, env);
  try {
    const { already } = await fetchDataset(entry, dataDir, {
      ...(options.url === undefined ? {} : { url: options.url }),
      onProgress: (file, received, total) => progress.update(file, received, total),
      onRetry: (problem, waitMs) => progress.note(`${problem}; trying again in ${Math.ceil(waitMs / 1000)} s`),
      onMember: (file) => progress.note(`checked ${file}`),
    });
    progress.end();
    await writeOutcome(name, dataDir, already, options, context);
  } finally {
    progress.end();
  }
}

async function cannotFetch(name: string, dataDir: string): Promise<VernierError> {
  const own = await findDataset(name, dataDir).catch(() => undefined);
  if (own === undefined) return await unknownDataset(name, dataDir);
  return new VernierError('USAGE', `data set ${name} is your own; only ${FETCHABLE.join(', ')} can be fetched`, {
    mend: `to replace it: vernier data add ${name} PATH --replace`,
  });
}
