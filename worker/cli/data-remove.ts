import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { dataFolder } from '../datasets/folder.js';
import { removeDataset } from '../datasets/remove.js';
import type { DataOptions } from './data-options.js';
import { formatBytes } from './output.js';

const HELP = `
Example:
  vernier data remove cifar10`;

/** `vernier data remove`: takes a data set out of the data folder. */
export const removeCommand: CommandFactory = (context) =>
  new Command('remove')
    .summary('remove a data set and what was downloaded of it')
    .description('Removes a data set from the data folder, and what was downloaded of it.')
    .argument('<name>', 'data set')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((name: string, options: DataOptions) => remove(name, options, context));

async function remove(name: string, options: DataOptions, { env, stdout }: CommandContext): Promise<void> {
  const dataDir = dataFolder(env, options.dataDir);
  const bytes = await removeDataset(name, dataDir);
  if (options.json) writeJson({ dataDir, removed: name, bytes }, stdout);
  else stdout.write(`removed ${name} from ${dataDir}, ${formatBytes(bytes)}\n`);
}
