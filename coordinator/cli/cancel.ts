import { Command } from 'commander';
import { jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandFactory } from '../../proto/command.js';
import { searchStateFromWire } from '../../proto/wire.js';
import { printable } from '../report/format.js';
import { coordinatorOption, ID_HELP, storeOption, type ReachOptions } from './options.js';
import { searchId, withCoordinator } from './reach.js';
import { summaryJson } from './summary-json.js';

interface CancelOptions extends ReachOptions {
  json?: true;
}

const HELP = `
Examples:
  vernier cancel 3f2a
  vernier cancel latest --coordinator 192.168.1.10:7077

${ID_HELP}
"latest" is the search that was submitted last. What a cancelled search has
found stays; it does not go on again.`;

/** `vernier cancel`: ends a search for good. */
export const cancelCommand: CommandFactory = (context) =>
  new Command('cancel')
    // No default: what ends something for good should be named.
    .argument('<id>', 'the search')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((id: string, options: CancelOptions) =>
      withCoordinator(options, context, async ({ api }) => {
        const search = await api.cancel(await searchId(api, id));
        if (options.json) {
          writeJson({ search: summaryJson(search) }, context.stdout);
          return;
        }
        const state = searchStateFromWire(search.state);
        const told = state === 'cancelled' ? 'is cancelled' : `had ended before: ${state}`;
        context.stdout.write(`search ${search.id} (${printable(search.name)}) ${told}\n`);
      }),
    );
