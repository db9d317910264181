import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { dataFolder } from '../datasets/folder.js';
import { surveyDatasets, type DatasetReport } from '../datasets/survey.js';
import type { DataOptions } from './data-options.js';
import { datasetJson, records } from './dataset-text.js';
import { formatBytes, table } from './output.js';

const HELP = `
Examples:
  vernier data list
  vernier data list --json

States are told by names and sizes; vernier data verify reads everything and
checks the sums.`;

/** `vernier data list`: what is there. */
export const listCommand: CommandFactory = (context) =>
  new Command('list')
    .summary('show what data sets there are')
    .description('Shows the data sets of the catalogue and your own, and what is there of each.')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((options: DataOptions) => list(options, context));

async function list(options: DataOptions, { env, stdout }: CommandContext): Promise<void> {
  const dataDir = dataFolder(env, options.dataDir);
  const reports = await surveyDatasets(dataDir);
  if (options.json) {
    writeJson({ dataDir, datasets: reports.map(datasetJson) }, stdout);
    return;
  }
  stdout.write(`${listText(dataDir, reports)}\n`);
}

/** The table, with the folder above it, since it is long and the same for all, and what is wrong below. */
function listText(dataDir: string, reports: readonly DatasetReport[]): string {
  const rows = reports.map((report) => [
    report.name,
    report.state,
    records(report),
    report.bytes === 0 ? '' : formatBytes(report.bytes),
    where(report),
  ]);
  const absent = reports.some(({ state }) => state === 'absent');
  return [
    `data folder ${dataDir}`,
    table(['name', 'state', 'train + test', 'size', 'where'], rows, ['train + test', 'size']),
    ...reports.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    ...reports.flatMap(({ name, downloadedBytes }) =>
      downloadedBytes === 0
        ? []
        : [`${name}: ${formatBytes(downloadedBytes)} downloaded; vernier data fetch ${name} goes on`],
    ),
    ...(absent ? ['get an absent one: vernier data fetch NAME, or vernier data add NAME PATH'] : []),
  ].join('\n');
}

function where({ source, state }: DatasetReport): string {
  if (source === 'embedded') return 'built in';
  return state === 'absent' ? '' : 'data folder';
}
