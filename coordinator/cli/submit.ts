import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';
import { counted, printable } from '../report/format.js';
import { checkedFile, withMistakesTold } from './checked-file.js';
import { againOption, coordinatorOption, seedOption, storeOption, type ReachOptions } from './options.js';
import { withCoordinator, type Reached } from './reach.js';
import { localData, ownDatasets } from './required-data.js';
import { summaryJson } from './summary-json.js';
import { requireServing, watchToEnd } from './watch.js';

interface SubmitOptions extends ReachOptions {
  seed?: number;
  dataDir?: string;
  again?: true;
  watch?: true;
  json?: true;
}

const HELP = `
Examples:
  vernier submit search.yaml --coordinator 192.168.1.10:7077 --watch
  vernier submit search.yaml --store searches.db

A search that is there already, with the same file, seed and data, is not made
twice unless --again is given.`;

/** `vernier submit`: hands a search file to a coordinator. */
export const submitCommand: CommandFactory = (context) =>
  new Command('submit')
    .argument('<file>', 'search file (YAML); - is standard input')
    .addOption(coordinatorOption())
    .addOption(storeOption('store to put it into'))
    .addOption(dataDirOption())
    .addOption(seedOption())
    .addOption(againOption())
    .option('--watch', 'follow the search until it ends, and print its result')
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((file: string, options: SubmitOptions) => submit(file, options, context));

async function submit(file: string, options: SubmitOptions, context: CommandContext): Promise<void> {
  const datasets = ownDatasets(await localData(context, options.dataDir));
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  // The coordinator checks it too; here every mistake is told, however many there are.
  const { text: specYaml, fileName } = await checkedFile(file, options, datasets, context.stderr);
  await withCoordinator({ ...options, create: true }, context, async (reached) => {
    if (options.watch) requireServing(reached);
    const again = options.again === true;
    const { search, created } = await reached.api
      .submit({ specYaml, fileName, again, datasets, ...seed })
      .catch((error: unknown) => {
        // A coordinator of another version may know other mistakes.
        throw withMistakesTold(error, file, specYaml, context.stderr);
      });
    const { id, name, trialsTotal } = search;
    const told = `search ${id} (${printable(name)}, ${counted(trialsTotal, 'trial')}) ${created ? 'submitted' : 'is there already'}`;
    if (options.watch) {
      context.stderr.write(`${told}\n`);
      await watchToEnd(id, options, reached, context);
    } else if (options.json) {
      writeJson({ search: summaryJson(search), created }, context.stdout);
    } else {
      context.stdout.write(`${told}\n${nextStep(search, reached)}\n`);
    }
  });
}

function nextStep({ id, state }: SearchSummary__Output, { serving, sameAgain }: Reached): string {
  if (state !== 'SEARCH_RUNNING') return `It has ended; see it: vernier show ${id}${sameAgain}; --again repeats it.`;
  if (serving) return `Follow it: vernier watch ${id}${sameAgain}`;
  return 'No coordinator serves this store now; the next one that does goes on with it.';
}
