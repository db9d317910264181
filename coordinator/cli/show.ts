import { Command, Option } from 'commander';
import { jsonOption } from '../../proto/cli-options.js';
import type { CommandFactory } from '../../proto/command.js';
import { coordinatorOption, LATEST_HELP, storeOption, type ReachOptions } from './options.js';
import { searchId, withCoordinator } from './reach.js';
import { writeResult } from './result.js';

interface ShowOptions extends ReachOptions {
  json?: true;
  spec?: true;
}

const HELP = `
Examples:
  vernier show
  vernier show 3f2a --json
  vernier show 3f2a --spec > search.yaml

${LATEST_HELP}`;

/** `vernier show`: what is known of a search, ended or not. */
export const showCommand: CommandFactory = (context) =>
  new Command('show')
    .argument('[id]', 'the search')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addOption(new Option('--spec', 'print the file that made it').conflicts('json'))
    .addHelpText('after', HELP)
    .action((id: string | undefined, options: ShowOptions) =>
      withCoordinator(options, context, async ({ api, serving, sameAgain }) => {
        const detail = await api.get({ id: await searchId(api, id) });
        if (options.spec) context.stdout.write(detail.specYaml);
        else writeResult(detail, { json: options.json, serving, sameAgain, provenance: true }, context.stdout);
      }),
    );
