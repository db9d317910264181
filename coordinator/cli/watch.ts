import { Command } from 'commander';
import { jsonOption } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { summaryOf } from '../report/detail.js';
import { followSearch, specOf } from './follow.js';
import { coordinatorOption, LATEST_HELP, storeOption, type ReachOptions } from './options.js';
import { progressDisplay } from './progress/display.js';
import { SearchWork } from './progress/search-work.js';
import { searchId, withCoordinator, type Reached } from './reach.js';
import { requireCompleted, writeResult } from './result.js';
import { onStopSignals } from './stop-signals.js';

interface WatchOptions extends ReachOptions {
  json?: true;
}

const HELP = `
Examples:
  vernier watch
  vernier watch 3f2a --coordinator 192.168.1.10:7077

${LATEST_HELP}
Ctrl-C ends the watching, not the search.

Exit codes: 0 the search completed, 1 it did not.`;

/** `vernier watch`: a search's progress until it ends, then its result. */
export const watchCommand: CommandFactory = (context) =>
  new Command('watch')
    .argument('[id]', 'the search')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((id: string | undefined, options: WatchOptions) =>
      withCoordinator(options, context, async (reached) =>
        watchToEnd(await searchId(reached.api, id), options, reached, context),
      ),
    );

/**
 * Shows progress until the search has ended, then its result.
 *
 * @throws VernierError SEARCH_FAILED unless it completed, INTERRUPTED after a signal
 */
export async function watchToEnd(
  id: string,
  { json }: { json?: boolean },
  reached: Reached,
  { env, stdout, stderr }: CommandContext,
): Promise<void> {
  const { api, reconnectMs, serving, sameAgain } = reached;
  let detail = await api.get({ id });
  const summary = summaryOf(detail);
  if (summary.state === 'SEARCH_RUNNING') {
    requireServing(reached);
    const spec = specOf(detail);
    const display = progressDisplay(stderr, env, SearchWork.of(spec));
    const stop = new AbortController();
    const endListening = onStopSignals((count) => (count > 1 ? process.exit(1) : stop.abort()));
    try {
      const ended = await followSearch({ api, id: summary.id, spec, display, reconnectMs, signal: stop.signal });
      if (!ended) {
        throw new VernierError('INTERRUPTED', 'watching was interrupted; the search goes on', {
          mend: `watch it again: vernier watch ${summary.id}${sameAgain}`,
        });
      }
    } finally {
      display.end();
      endListening();
    }
    detail = await api.get({ id });
  }
  writeResult(detail, { json, serving, sameAgain }, stdout);
  requireCompleted(detail);
}

/**
 * A store that no coordinator serves has no workers: waiting would never end.
 *
 * @throws VernierError COORDINATOR_UNREACHABLE
 */
export function requireServing({ serving }: Reached): void {
  if (serving) return;
  throw new VernierError('COORDINATOR_UNREACHABLE', 'no coordinator serves this store, so its searches stand still', {
    mend: 'go on with a search by `vernier run FILE`, or serve the store by `vernier coordinator`',
  });
}
