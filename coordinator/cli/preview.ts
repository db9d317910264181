import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { SearchSpec } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import { counted, formatNumber, formatParameter, printable, wrap } from '../report/format.js';
import { openRound } from '../search/open-round.js';
import type { OpenedRound } from '../search/round.js';
import type { SearchFile } from '../spec/search-file.js';
import { checkedFile } from './checked-file.js';
import { seedOption } from './options.js';
import { localData, ownDatasets } from './required-data.js';
import { roundInWords, trialsInAll } from './search-summary.js';

interface PreviewOptions {
  seed?: number;
  dataDir?: string;
  json?: true;
}

const COLUMNS = 80;
/** More are for machines. */
const MOST_ROWS = 100;

const HELP = `
Examples:
  vernier preview configs/quickstart.yaml
  vernier preview search.yaml --seed 7 --json

The first round's trials follow from the file and the seed alone; later rounds
follow from results too.`;

/** `vernier preview`: the first round's trials, before anything runs. */
export const previewCommand: CommandFactory = (context) =>
  new Command('preview')
    .argument('<file>', 'search file (YAML); - is standard input')
    .addOption(seedOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((file: string, options: PreviewOptions) => preview(file, options, context));

async function preview(file: string, options: PreviewOptions, context: CommandContext): Promise<void> {
  const { dataDir, json } = options;
  const datasets = ownDatasets(await localData(context, dataDir));
  const { search } = await checkedFile(file, options, datasets, context.stderr);
  const opened = openRound(search.spec, []);
  if ('impossible' in opened) throw new VernierError('SEARCH_FAILED', opened.impossible);
  if (json) writeJson(inJson(search, opened), context.stdout);
  else context.stdout.write(`${inWords(search, opened).join('\n')}\n`);
}

function inJson({ spec, specSha256 }: SearchFile, { name, method, interval, trials }: OpenedRound): object {
  return {
    search: { name: spec.name, seed: spec.seed, specSha256 },
    round: {
      name,
      method,
      interval,
      trials: trials.map(({ parameters, seed, config }, index) => ({ number: index + 1, parameters, seed, config })),
    },
    later: spec.rounds.slice(1).map((round, index) => ({ name: round.name, does: roundInWords(spec, index + 1) })),
    trials: trialsInAll(spec),
  };
}

function inWords({ spec, datasets }: SearchFile, opened: OpenedRound): string[] {
  const { metric, name, seed, rounds } = spec;
  const on = datasets.map((dataset) => dataset.name).join(', ');
  const lines = [wrap(`${name}, seed ${seed}: ${metric.goal} ${metric.name} on ${on}`, COLUMNS, '  '), ''];
  lines.push(wrap(`Round 1, ${opened.name}: ${roundInWords(spec, 0)}`, COLUMNS, '  '));
  const intervals = Object.entries(opened.interval).map(
    ([parameter, { min, max }]) => `${printable(parameter)} ${formatNumber(min)} to ${formatNumber(max)}`,
  );
  if (intervals.length > 0) lines.push(wrap(`drawn from ${intervals.join(', ')}`, COLUMNS, '  '));
  lines.push(...trialLines(opened, spec), '');
  for (const [index, round] of rounds.entries()) {
    if (index > 0) lines.push(wrap(`Round ${index + 1}, ${round.name}: ${roundInWords(spec, index)}`, COLUMNS, '  '));
  }
  lines.push(`${counted(trialsInAll(spec), 'trial')} in all`);
  return lines;
}

/** One line a trial: a column for each parameter where they fit, else what it is in a row. */
function trialLines({ trials }: OpenedRound, { trainingSeeds }: SearchSpec): string[] {
  const names = [...new Set(trials.flatMap(({ parameters }) => Object.keys(parameters)))].sort();
  const repeated = trainingSeeds.length > 1;
  const heads = ['trial', ...names.map(printable), ...(repeated ? ['seed'] : [])];
  const rows = trials.slice(0, MOST_ROWS).map(({ parameters, seed }, index) => {
    const values = names.map((name) => (name in parameters ? formatParameter(parameters[name] ?? null) : ''));
    return [String(index + 1), ...values, ...(repeated ? [String(seed)] : [])];
  });
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)));
  const left = trials.length - rows.length;
  const rest = left > 0 ? [`  and ${counted(left, 'more trial')}; --json lists all`] : [];
  if (widths.reduce((sum, width) => sum + width + 2, 0) <= COLUMNS) {
    const lineOf = (row: string[]): string =>
      row.map((cell, column) => `  ${cell.padStart(widths[column] ?? 0)}`).join('');
    return [lineOf(heads), ...rows.map(lineOf), ...rest];
  }
  const listed = rows.map((row) => {
    const settings = row.slice(1).map((cell, column) => `${heads[column + 1] ?? ''} ${cell}`);
    return wrap(`trial ${row[0] ?? ''}: ${settings.join(', ')}`, COLUMNS, '  ');
  });
  return [...listed, ...rest];
}
