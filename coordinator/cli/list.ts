import Table from 'cli-table3';
import { Command } from 'commander';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';
import { searchStateFromWire } from '../../proto/wire.js';
import { clip, printable } from '../report/format.js';
import { coordinatorOption, countOption, jsonOption, storeOption, type ReachOptions } from './options.js';
import { withCoordinator } from './reach.js';
import { writeJson } from './result.js';
import { summaryJson } from './summary-json.js';

interface ListOptions extends ReachOptions {
  limit: number;
  json?: true;
}

const DEFAULT_LIMIT = 50;
/** So that a line keeps within 80 columns. */
const NAME_COLUMNS = 24;

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
  const searches = await withCoordinator(options, context, ({ api }) => api.list(options.limit));
  if (options.json) writeJson({ searches: searches.map(summaryJson) }, context.stdout);
  else if (searches.length === 0) context.stdout.write('no search yet; start one: vernier run FILE\n');
  else context.stdout.write(`${searchTable(searches)}\n`);
}

export function searchTable(searches: readonly SearchSummary__Output[]): string {
  const table = new Table({
    head: ['id', 'name', 'seed', 'state', 'trials', 'submitted'],
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
  });
  for (const { id, name, seed, state, trialsDone, trialsTotal, createdMs } of searches) {
    table.push([
      id,
      clip(printable(name), NAME_COLUMNS),
      String(seed),
      searchStateFromWire(state),
      `${trialsDone}/${trialsTotal}`,
      localTime(createdMs),
    ]);
  }
  return table.toString();
}

/** `2026-11-24 21:14`, in this machine's time zone. */
function localTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
