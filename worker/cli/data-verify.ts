import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { dataFolder } from '../datasets/folder.js';
import { unknownDataset } from '../datasets/names.js';
import { findDataset, type StoredDataset } from '../datasets/stored.js';
import { surveyDataset, surveyDatasets, type DatasetReport } from '../datasets/survey.js';
import { inspectMember, mendOf, type MemberFinding } from '../datasets/verify.js';
import type { DataOptions } from './data-options.js';

const HELP = `
Examples:
  vernier data verify
  vernier data verify cifar10 digits

Ends with exit code 1 when a file is missing or damaged.`;

/** `vernier data verify`: reads every byte and checks the sums. */
export const verifyCommand: CommandFactory = (context) =>
  new Command('verify')
    .summary('read data sets again and check their sums')
    .description('Reads every file of the data sets and checks its size and SHA-256.')
    .argument('[names...]', 'data sets (default: all that are there)')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((names: string[], options: DataOptions) => verify(names, options, context));

/** A data set and what was found of it. */
interface Verified {
  name: string;
  files: MemberFinding[];
  /** What is wrong with the data set as a whole, e.g. its manifest. */
  problem?: string;
  mend?: string;
}

async function verify(names: string[], options: DataOptions, { env, stdout }: CommandContext): Promise<void> {
  const dataDir = dataFolder(env, options.dataDir);
  const verified: Verified[] = [];
  for (const report of await reportsOf([...new Set(names)], dataDir)) {
    const result = await verifyOne(report, dataDir);
    verified.push(result);
    if (!options.json) stdout.write(`${verifiedText(result)}\n`);
  }
  if (options.json) {
    const datasets = verified.map(({ name, files, problem }) => ({
      name,
      sound: problem === undefined && files.every(({ state }) => state === 'sound'),
      problem: problem ?? null,
      files,
    }));
    writeJson({ dataDir, datasets }, stdout);
  }
  refuseBad(verified);
}

/** @throws VernierError DATASET_CORRUPT, or DATASET_MISSING when nothing worse is wrong */
function refuseBad(verified: readonly Verified[]): void {
  const bad = verified.filter(({ files, problem }) => problem !== undefined || files.some(notSound));
  const [first] = bad;
  if (first === undefined) return;
  const damaged = bad.some(
    ({ files, problem }) => problem !== undefined || files.some(({ state }) => state === 'corrupt'),
  );
  const problem = first.problem ?? first.files.find(notSound)?.problem ?? '';
  const others = bad.slice(1).map(({ name }) => name);
  const more = others.length === 0 ? '' : `; also ${others.join(', ')}`;
  throw new VernierError(
    damaged ? 'DATASET_CORRUPT' : 'DATASET_MISSING',
    `data set ${first.name}: ${problem}${more}`,
    first.mend === undefined ? {} : { mend: first.mend },
  );
}

/** @throws VernierError DATASET_UNKNOWN */
async function reportsOf(names: readonly string[], dataDir: string): Promise<DatasetReport[]> {
  if (names.length === 0) return (await surveyDatasets(dataDir)).filter(({ state }) => state !== 'absent');
  const reports: DatasetReport[] = [];
  for (const name of names) {
    const report = await surveyDataset(name, dataDir);
    if (report === undefined) throw await unknownDataset(name, dataDir);
    reports.push(report);
  }
  return reports;
}

async function verifyOne({ name, problem }: DatasetReport, dataDir: string): Promise<Verified> {
  let stored: StoredDataset | undefined;
  try {
    stored = await findDataset(name, dataDir);
  } catch (error) {
    if (!(error instanceof VernierError)) throw error;
    return { name, files: [], problem: error.message, ...(error.mend === undefined ? {} : { mend: error.mend }) };
  }
  if (stored === undefined) return { name, files: [], problem: problem ?? 'is no longer there' };
  const files: MemberFinding[] = [];
  for (const member of stored.members) files.push(await inspectMember(stored, member));
  return { name, files, mend: mendOf(stored) };
}

function notSound({ state }: MemberFinding): boolean {
  return state !== 'sound';
}

function verifiedText({ name, files, problem }: Verified): string {
  if (problem !== undefined) return `${name}: ${problem}`;
  const wrong = files.filter(notSound);
  if (wrong.length === 0) return `${name}: sound, ${files.length} files`;
  const lines = files.map((finding) => `  ${finding.state.padEnd(8)} ${finding.problem ?? finding.file}`);
  return [`${name}: ${wrong.length} of ${files.length} files are not as they should be`, ...lines].join('\n');
}
