import { extname } from 'node:path';
import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { SearchSpec } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import { counted, formatParameter, printable, wrap } from '../report/format.js';
import { scheduleCsv, scheduleJson } from '../report/schedules/data.js';
import {
  decides,
  isTold,
  scheduleRounds,
  type RoundSchedule,
  type UntoldSchedule,
} from '../report/schedules/rounds.js';
import { scheduleLines } from '../report/schedules/text.js';
import { untoldInWords } from '../report/schedules/words.js';
import { openRound } from '../search/open-round.js';
import type { PlannedTrial } from '../search/round.js';
import { requireWritable, writeAtomically } from './atomic-file.js';
import { checkedFile } from './checked-file.js';
import { countOption, seedOption } from './options.js';
import { localData, ownDatasets } from './required-data.js';

interface PlotScheduleOptions {
  round?: string;
  trial: number;
  output?: string;
  seed?: number;
  dataDir?: string;
  json?: true;
}

const HELP = `
Examples:
  vernier plot-schedule configs/quickstart.yaml
  vernier plot-schedule search.yaml --round fine --output rate.svg
  vernier plot-schedule search.yaml --trial 3 --output rate.csv

Where parameters decide the rate, it is that of the trial with the number that
vernier preview gives it. --output writes a picture (.svg, .png) or the rate of
every update step (.csv).`;

const COLUMNS = 80;
/** Of output that no terminal shows. */
const ROWS = 24;
/** Rows of a CSV file beyond which the training is for a program of one's own to tabulate. */
const MOST_CSV_ROWS = 10_000_000;

/** `vernier plot-schedule`: the learning rate over update steps, before anything runs. */
export const plotScheduleCommand: CommandFactory = (context) =>
  new Command('plot-schedule')
    .argument('<file>', 'search file (YAML); - is standard input')
    .option('--round <name>', 'this round alone')
    .addOption(countOption('--trial <n>', "the trial whose parameters are put in, of the first round's").default(1))
    .option('--output <file>', 'write a file instead: .svg, .png or .csv')
    .addOption(seedOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((file: string, options: PlotScheduleOptions) => plotSchedule(file, options, context));

/** A round's schedule and its number in the search, from 1. */
interface Numbered {
  number: number;
  round: RoundSchedule | UntoldSchedule;
}

async function plotSchedule(file: string, options: PlotScheduleOptions, context: CommandContext): Promise<void> {
  const { output, dataDir, json, trial: number } = options;
  const kind = output === undefined ? undefined : fileKind(output);
  const datasets = ownDatasets(await localData(context, dataDir));
  const { search } = await checkedFile(file, options, datasets, context.stderr);
  const { spec, specSha256 } = search;
  const trial = trialNumbered(spec, number);
  const rounds = wantedRounds(spec, trial, options.round);
  if (output !== undefined && kind !== undefined) await write(output, kind, rounds);
  if (json) {
    const { parameters } = trial;
    const head = { search: { name: spec.name, seed: spec.seed, specSha256 }, trial: { number, parameters } };
    const written = output === undefined ? {} : { file: output };
    writeJson({ ...head, ...written, rounds: rounds.map(({ round }) => scheduleJson(round)) }, context.stdout);
  } else if (output === undefined) {
    context.stdout.write(`${inWords(spec, number, trial, rounds, context.stdout).join('\n')}\n`);
  } else {
    const told = rounds.filter(({ round }) => isTold(round)).length;
    context.stdout.write(`${output}: the learning rate of ${counted(told, 'round')}\n`);
  }
}

/** @throws VernierError TRIAL_NOT_FOUND, SEARCH_FAILED when the first round has no trials */
function trialNumbered(spec: SearchSpec, number: number): PlannedTrial {
  const opened = openRound(spec, []);
  if ('impossible' in opened) throw new VernierError('SEARCH_FAILED', opened.impossible);
  const trial = opened.trials[number - 1];
  if (trial !== undefined) return trial;
  throw new VernierError('TRIAL_NOT_FOUND', `the first round has no trial ${number}`, {
    mend: `it has trials 1 to ${opened.trials.length}; vernier preview lists them`,
  });
}

/** @throws VernierError USAGE where no round has the name, or none of those wanted has a rate to plot */
function wantedRounds(spec: SearchSpec, { parameters }: PlannedTrial, name: string | undefined): Numbered[] {
  const all = scheduleRounds(spec, parameters).map((round, index) => ({ number: index + 1, round }));
  const wanted = name === undefined ? all : all.filter(({ round }) => round.name === name);
  const [first] = wanted;
  if (first === undefined) {
    throw new VernierError('USAGE', `the search has no round ${printable(name ?? '')}`, {
      mend: `it has ${spec.rounds.map((round) => printable(round.name)).join(', ')}`,
    });
  }
  if (wanted.some(({ round }) => isTold(round)) || isTold(first.round)) return wanted;
  const toldElsewhere = all.filter(({ round }) => isTold(round)).map(({ round }) => printable(round.name));
  throw new VernierError('USAGE', `round ${printable(first.round.name)}: ${untoldInWords(first.round)}`, {
    mend:
      toldElsewhere.length === 0
        ? 'there is nothing to plot: the file tells the learning rate of no round'
        : `plot another round: --round ${toldElsewhere.join(' or ')}`,
  });
}

function inWords(
  { name }: SearchSpec,
  number: number,
  { parameters }: PlannedTrial,
  rounds: readonly Numbered[],
  { columns = COLUMNS, rows = ROWS }: { columns?: number; rows?: number },
): string[] {
  const room = { columns: Math.min(columns, COLUMNS), rows };
  const deciding = Object.entries(parameters).filter(([parameter]) => decides(parameter));
  const values = deciding.map(([parameter, value]) => `${printable(parameter)} ${formatParameter(value)}`).join(', ');
  const head = values === '' ? [] : [wrap(`${name}, trial ${number}: ${values}`, room.columns, '  '), ''];
  return [
    ...head,
    ...rounds.flatMap(({ number: at, round }, index) => [
      ...(index > 0 ? [''] : []),
      ...scheduleLines(round, at, room),
    ]),
  ];
}

type FileKind = 'svg' | 'png' | 'csv';

/** @throws VernierError USAGE */
function fileKind(output: string): FileKind {
  const kind = extname(output).toLowerCase();
  if (kind === '.svg' || kind === '.png' || kind === '.csv') return kind.slice(1) as FileKind;
  throw new VernierError('USAGE', `--output must end in .svg, .png or .csv, not ${kind || 'without a suffix'}`, {
    mend: 'name a file such as rate.svg',
  });
}

/** @throws VernierError FILE_UNWRITABLE, USAGE when a table would be too long */
async function write(output: string, kind: FileKind, rounds: readonly Numbered[]): Promise<void> {
  await requireWritable(output);
  const told = rounds.flatMap(({ round }) => (isTold(round) ? [round] : []));
  if (kind === 'csv') {
    const rows = told.reduce((sum, { plan }) => sum + plan.totalSteps, 0);
    if (rows > MOST_CSV_ROWS) {
      throw new VernierError(
        'USAGE',
        `a table of ${rows} update steps is more than the ${MOST_CSV_ROWS} that are written`,
        {
          mend: 'name one round by --round, or take --json, which has each epoch',
        },
      );
    }
    return writeAtomically(output, async (file) => {
      for (const lines of scheduleCsv(told)) await file.appendFile(lines);
    });
  }
  // Drawing is loaded where it is wanted: it takes longer than all else.
  const { renderSvg } = await import('../report/figures/render.js');
  const { scheduleFigure } = await import('../report/figures/schedule.js');
  const svg = renderSvg(scheduleFigure(told));
  const content = kind === 'svg' ? svg : (await import('./png.js')).renderPng(svg);
  return writeAtomically(output, (file) => file.writeFile(content));
}
