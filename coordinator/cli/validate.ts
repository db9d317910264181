import { basename } from 'node:path';
import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError, type ErrorPayload } from '../../proto/errors.js';
import { counted, printable, wrap } from '../report/format.js';
import { parseSearchFile, type SearchFile } from '../spec/search-file.js';
import { seedOption } from './options.js';
import { formatProblems } from './problems.js';
import { localData, ownDatasets } from './required-data.js';
import { trialsInAll } from './search-summary.js';
import { readSearchText } from './search-text.js';

interface ValidateOptions {
  seed?: number;
  dataDir?: string;
  json?: true;
}

/** A file and what became of it. */
interface Checked {
  file: string;
  text?: string;
  search?: SearchFile;
  error?: VernierError;
}

const COLUMNS = 80;

const HELP = `
Examples:
  vernier validate configs/quickstart.yaml
  vernier validate searches/*.yaml --json

Every mistake of every file is told, as FILE:LINE:COLUMN: what is wrong [rule].
docs/search-file.md explains the rules.

Exit codes: 0 no mistakes, 2 mistakes or a file that cannot be read.`;

/** `vernier validate`: checks search files and runs nothing. */
export const validateCommand: CommandFactory = (context) =>
  new Command('validate')
    .argument('<file...>', 'search files (YAML); - is standard input')
    .addOption(seedOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((files: string[], options: ValidateOptions) => validate(files, options, context));

async function validate(files: string[], options: ValidateOptions, context: CommandContext): Promise<void> {
  const datasets = ownDatasets(await localData(context, options.dataDir));
  const checked: Checked[] = [];
  for (const file of files) checked.push(await check(file, options, datasets));
  if (options.json) writeJson({ files: checked.map(inJson) }, context.stdout);
  else for (const one of checked) context.stdout.write(inWords(one, files.length === 1));

  const wrong = checked.flatMap(({ error }) => error ?? []);
  const [first] = wrong;
  if (first === undefined) return;
  const { code, message, mend } = first;
  // The mistakes themselves have been told above.
  if (files.length === 1) throw new VernierError(code, message, mend === undefined ? {} : { mend });
  throw new VernierError(code, `${wrong.length} of ${files.length} files cannot be used as they are`);
}

async function check(file: string, { seed }: ValidateOptions, datasets: readonly DatasetInfo[]): Promise<Checked> {
  let text: string | undefined;
  try {
    text = await readSearchText(file);
    const search = parseSearchFile(text, {
      fileName: file === '-' ? 'standard input' : basename(file),
      datasets,
      ...(seed === undefined ? {} : { seed }),
    });
    return { file, text, search };
  } catch (error) {
    if (!(error instanceof VernierError)) throw error;
    return { file, error, ...(text === undefined ? {} : { text }) };
  }
}

/** @param alone whether it is the only file, of which main tells an error that is no list of mistakes */
function inWords({ file, text, search, error }: Checked, alone: boolean): string {
  const name = printable(file);
  if (search !== undefined) {
    const { spec, datasets } = search;
    const on = datasets.map((dataset) => dataset.name).join(', ');
    const much = `${counted(spec.rounds.length, 'round')}, ${counted(trialsInAll(spec), 'trial')} on ${on}`;
    return `${wrap(`${name}: no mistakes; ${much}`, COLUMNS, '  ')}\n`;
  }
  // Other errors name the file themselves.
  if (error?.code !== 'SPEC_INVALID') return alone ? '' : `${printable(error?.message ?? '')}\n`;
  return `${formatProblems(name, text, error.problems)}\n`;
}

function inJson({ file, search, error }: Checked): object {
  if (search === undefined) return { file, valid: false, ...payload(error) };
  const { spec, specSha256, datasets } = search;
  return {
    file,
    valid: true,
    search: { name: spec.name, seed: spec.seed, specSha256 },
    rounds: spec.rounds.map(({ name, method, trials, carry }) => ({ name, method, trials, carry: carry?.best ?? 0 })),
    trials: trialsInAll(spec),
    datasets: datasets.map(({ name }) => name),
  };
}

function payload(error: VernierError | undefined): Partial<ErrorPayload> {
  return error?.toPayload() ?? {};
}
