import { Command } from 'commander';
import { jsonOption } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { forcedNativeWidth } from '../../proto/kernels.js';
import { checkedFile } from './checked-file.js';
import { localData, ownDatasets, requireDatasets } from './required-data.js';
import { requireCompleted, writeResult } from './result.js';
import { runSearches, sameStore, withRunOptions, type RunOptions } from './run-searches.js';

const HELP = `
Examples:
  vernier run configs/quickstart.yaml
  vernier run search.yaml --seed 7 --workers 2 --threads 4

A search that was interrupted goes on with the same command; one that has ended
is printed again at once. The same file and seed give the same result digest on
any number of workers and threads.

Exit codes: 0 the search completed, 1 it failed or was interrupted, 2 wrong use
or a wrong file.`;

/** `vernier run`: coordinator, workers and progress of one search, in one command. */
export const runCommand: CommandFactory = (context) =>
  withRunOptions(new Command('run').argument('<file>', 'search file (YAML); - is standard input'))
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((file: string, _: RunOptions, command: Command) => run(file, command.optsWithGlobals(), context));

async function run(file: string, options: RunOptions, context: CommandContext): Promise<void> {
  const { env, stderr, stdout } = context;
  // The workers would each refuse it.
  forcedNativeWidth(env);
  const local = await localData(context, options.dataDir);
  const datasets = ownDatasets(local);
  const { text, fileName, search } = await checkedFile(file, options, datasets, stderr);
  requireDatasets(search.datasets, local, options.dataDir);
  const searches = [{ text, fileName, seed: options.seed }];
  const [detail] = await runSearches({ searches, datasets, options, context });
  if (detail === undefined) throw new VernierError('INTERNAL', 'a run without a search');
  writeResult(detail, { json: options.json, serving: true, sameAgain: sameStore(options) }, stdout);
  requireCompleted(detail);
}
