import { Command } from 'commander';
import { jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';
import { searchStateFromWire } from '../../proto/wire.js';
import { clip, displayWidth, printable } from '../report/format.js';
import { TEXT_COLUMNS } from '../report/round-table.js';
import { coordinatorOption, countOption, storeOption, type ReachOptions } from './options.js';
import { pad } from './progress/format.js';
import { withCoordinator } from './reach.js';
import { summaryJson } from './summary-json.js';

interface ListOptions extends ReachOptions {
  limit: number;
  json?: true;
}

const DEFAULT_LIMIT = 50;
const GAP = '  ';
const MIN_NAME_COLUMNS = 4;

const HELP = `
Examples:
  vernier list
  vernier list --coordinator 192.168.1.10:7077 --json`;

/** `vernier list`: searches, newest first. */
export const listCommand: CommandFactory = (context) =>
  new Command('list')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(countOption('--limit <n>', 'show at most so many').default(DEFAULT_LIMIT))
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((options: ListOptions) => list(options, context));

async function list(options: ListOptions, context: CommandContext): Promise<void> {
  const { searches, serving } = await withCoordinator(options, context, async (reached) => ({
    searches: await reached.api.list(options.limit),
    serving: reached.serving,
  }));
  if (options.json) writeJson({ searches: searches.map(summaryJson) }, context.stdout);
  else if (searches.length === 0) context.stdout.write('no search yet; start one: vernier run FILE\n');
  else {
    context.stdout.write(`${searchTable(searches)}\n`);
    const stands = !serving && searches.some(({ state }) => state === 'SEARCH_RUNNING');
    if (stands) context.stderr.write('running ones stand still: no coordinator serves the store\n');
  }
}

/** One line a search, at most 80 columns. */
export function searchTable(searches: readonly SearchSummary__Output[]): string {
  const rows = searches.map(({ id, name, seed, state, trialsDone, trialsTotal, createdMs }) => ({
    id,
    name: printable(name),
    seed: String(seed),
    state: searchStateFromWire(state),
    trials: `${trialsDone}/${trialsTotal}`,
    submitted: localTime(createdMs),
  }));
  const heads = { id: 'id', name: 'name', seed: 'seed', state: 'state', trials: 'trials', submitted: 'submitted' };
  const lines = [heads, ...rows];
  const width = (column: keyof typeof heads): number => Math.max(...lines.map((line) => displayWidth(line[column])));
  const others = width('id') + width('seed') + width('state') + width('trials') + width('submitted') + 5 * GAP.length;
  // The name is what can be recognised by its beginning.
  const nameWidth = Math.max(MIN_NAME_COLUMNS, Math.min(width('name'), TEXT_COLUMNS - others));
  return lines
    .map(({ id, name, seed, state, trials, submitted }) =>
      [
        pad(id, width('id')),
        pad(clip(name, nameWidth), nameWidth),
        seed.padStart(width('seed')),
        pad(state, width('state')),
        trials.padStart(width('trials')),
        submitted,
      ].join(GAP),
    )
    .join('\n');
}

/** `2026-11-24 21:14`, in this machine's time zone. */
function localTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
