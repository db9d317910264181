import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { dataDirOption, jsonOption, kernelOption, positiveInteger, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import { counted, printable } from '../report/format.js';
import { machineAt } from '../report/provenance.js';
import { recordedSearch, type RecordedSearch, type RecordedTrial } from '../report/verify/recorded-search.js';
import { TEXT_COLUMNS } from '../report/round-table.js';
import {
  isVerified,
  sealOf,
  tallyOf,
  verificationJson,
  type Verification,
  type VerifiedTrial,
} from '../report/verify/verification.js';
import { chooseTrials, type Wanted } from '../report/verify/choice.js';
import { checkRecord } from '../report/verify/record.js';
import { verificationText } from '../report/verify/text.js';
import {
  coordinatorOption,
  countOption,
  LATEST_HELP,
  parallelOption,
  storeOption,
  type ReachOptions,
} from './options.js';
import { searchId, withCoordinator } from './reach.js';
import { trainHere } from './verify/here.js';
import { trainOnWorkers } from './verify/on-workers.js';

interface VerifyOptions extends ReachOptions {
  trial?: number[];
  sample?: number;
  all?: true;
  threads: number;
  kernel?: string;
  dataDir?: string;
  onWorkers?: true;
  json?: true;
}

/** The best trial and two others. */
const DEFAULT_SAMPLE = 3;

const HELP = `
Examples:
  vernier verify
  vernier verify 3f2a --all --kernel reference
  vernier verify 3f2a --trial 7 --trial 12-14
  vernier verify 3f2a --all --coordinator 192.168.1.10:7077 --on-workers

${LATEST_HELP}
First, without training: the file and its hashes, every round planned again
from the results before it, the result digest. Then trials are trained again,
and every metric of every epoch and the weights' digest compared bit by bit:
the best trial and two that the digest draws, unless --trial, --sample or
--all say otherwise.

Exit codes: 0 everything is the same, 1 something differs or could not be
trained again, 2 wrong use.`;

/** `vernier verify`: trains trials of a finished search again and compares every bit. */
export const verifyCommand: CommandFactory = (context) =>
  new Command('verify')
    .argument('[id]', 'the search')
    .addOption(
      new Option('--trial <n>', 'trials to train again: a number, or several as in 3,7-9; can be given again')
        .argParser(trialNumbers)
        .conflicts(['sample', 'all']),
    )
    .addOption(
      countOption('--sample <n>', `train so many again, the best among them (default: ${DEFAULT_SAMPLE})`).conflicts(
        'all',
      ),
    )
    .option('--all', 'train all again')
    .addOption(
      parallelOption('--threads <n>', 'threads of this machine that train').default(
        availableParallelism(),
        'one per core',
      ),
    )
    .addOption(kernelOption())
    .addOption(dataDirOption())
    .addOption(
      new Option('--on-workers', "train on the coordinator's workers instead").conflicts(['threads', 'dataDir']),
    )
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((id: string | undefined, options: VerifyOptions, command: Command) => {
      if (options.onWorkers && command.getOptionValueSource('kernel') === 'cli') {
        throw new VernierError('USAGE', '--kernel chooses for this machine, and --on-workers trains on others', {
          mend: 'leave one of them out; workers choose their kernels themselves',
        });
      }
      return verify(id, options, context);
    });

async function verify(id: string | undefined, options: VerifyOptions, context: CommandContext): Promise<void> {
  // The coordinator is let go before a training that may take hours: it may be ours, and then holds the store.
  const { search, version } = await withCoordinator(options, context, async ({ api, sameAgain }) => {
    const detail = await api.get({ id: await searchId(api, id), epochs: true, configs: true });
    const found = recordedSearch(detail);
    requireEnded(found, sameAgain);
    return { search: found, version: machineAt(detail, detail.takenBy)?.version };
  });
  requireNumerics(search, version);
  const findings = checkRecord(search);
  const chosen = chooseTrials(search, wanted(options));
  context.stderr.write(`${announcement(search, chosen, options)}\n`);
  let trials: VerifiedTrial[];
  try {
    trials = await trainAgain(search, chosen, options, context);
  } catch (error) {
    // What was found so far is told all the same.
    if (findings.length > 0) tell({ search, findings, trials: [] }, options, context);
    throw error;
  }
  const verification = { search, findings, trials };
  tell(verification, options, context);
  requireVerified(verification);
}

function wanted({ trial, sample, all }: VerifyOptions): Wanted {
  if (trial !== undefined) return { numbers: trial };
  return all ? 'all' : { sample: sample ?? DEFAULT_SAMPLE };
}

function trainAgain(
  search: RecordedSearch,
  chosen: readonly RecordedTrial[],
  options: VerifyOptions,
  context: CommandContext,
): Promise<VerifiedTrial[]> {
  if (chosen.length === 0) return Promise.resolve([]);
  if (options.onWorkers) return trainOnWorkers(search, chosen, options.all === true, options, context);
  return trainHere(search, chosen, options, context);
}

function announcement({ id, name }: RecordedSearch, chosen: readonly RecordedTrial[], options: VerifyOptions): string {
  const where = options.onWorkers ? 'on workers' : `on ${counted(Math.min(options.threads, chosen.length), 'thread')}`;
  const what =
    chosen.length === 0 ? 'no trial has results' : `training ${counted(chosen.length, 'trial')} again ${where}`;
  return `verifying search ${id} (${printable(name)}): ${what}`;
}

function tell(verification: Verification, { json }: VerifyOptions, { stdout }: CommandContext): void {
  if (json) {
    writeJson(verificationJson(verification), stdout);
    return;
  }
  const columns = Math.min(TEXT_COLUMNS, stdout.columns || TEXT_COLUMNS);
  stdout.write(`${verificationText(verification, columns)}\n`);
}

/** @throws VernierError SEARCH_UNFINISHED */
function requireEnded({ id, state }: RecordedSearch, sameAgain: string): void {
  if (state !== 'running') return;
  throw new VernierError('SEARCH_UNFINISHED', `search ${id} has not ended yet: its results are not all there`, {
    mend: `wait for its end (vernier watch ${id}${sameAgain}), go on with it (vernier run FILE) or cancel it`,
  });
}

/** @throws VernierError NUMERICS_MISMATCH, PROTOCOL_MISMATCH */
function requireNumerics({ id, numericsVersion }: RecordedSearch, version: string | undefined): void {
  if (numericsVersion === NUMERICS_VERSION) return;
  if (numericsVersion === '') {
    throw new VernierError(
      'PROTOCOL_MISMATCH',
      'the coordinator does not tell what a search follows from: it is older',
      {
        mend: 'run the same version of vernier on every machine',
      },
    );
  }
  const theirs = printable(numericsVersion);
  throw new VernierError(
    'NUMERICS_MISMATCH',
    `search ${id} was computed by numerics ${theirs}, and this program computes by ${NUMERICS_VERSION}: other bits are right`,
    {
      mend: `verify it with the vernier that computed it${version === undefined ? '' : `, version ${printable(version)}`}`,
    },
  );
}

/** @throws VernierError VERIFY_DIFFERS; what kept a trial from being trained where nothing differs */
function requireVerified(verification: Verification): void {
  if (isVerified(verification)) return;
  const { search, findings } = verification;
  const { different, untrained } = tallyOf(verification);
  if (findings.length === 0 && different.length === 0) {
    const [first] = untrained;
    if (first !== undefined) throw VernierError.fromPayload(first.problem);
  }
  const parts = [
    ...(findings.length === 0 ? [] : [`${counted(findings.length, 'record')} of it`]),
    ...(different.length === 0 ? [] : [`the results of ${counted(different.length, 'trial')}`]),
  ];
  throw new VernierError('VERIFY_DIFFERS', `search ${search.id} was not verified: ${parts.join(' and ')} differ`, {
    mend: mendOf(verification),
  });
}

/** A record that was changed can be told from a fault of computing by who is right. */
function mendOf(verification: Verification): string {
  const { different, trained, verifiable } = tallyOf(verification);
  if (sealOf(verification.search, verification.trials) === 'training') {
    return 'the store was changed after the search ended: put a copy from a backup in its place';
  }
  if (different.length === 0) {
    return trained === verifiable
      ? "every trial gives its recorded results: it is the store's record that was changed"
      : 'see which trials give their recorded results: --all';
  }
  return 'try another --kernel or machine: where two agree, the third is wrong (docs/verify.md)';
}

/** `3`, `3,7-9`; given again it adds to what was given before. */
function trialNumbers(text: string, before: readonly number[] = []): number[] {
  return [...before, ...text.split(',').flatMap(rangeOf)];
}

/** More than any search has trials: a slip of the keyboard must not fill the memory. */
const MOST_NUMBERS = 100_000;

function rangeOf(text: string): number[] {
  const [, first = '', last = first] = /^\s*([0-9]+)(?:-([0-9]+))?\s*$/.exec(text) ?? [];
  try {
    const from = positiveInteger(first);
    const to = positiveInteger(last);
    if (from <= to && to - from < MOST_NUMBERS) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  } catch {
    // told below
  }
  throw new InvalidArgumentError('It must be the numbers of trials, as in 7 or 3,7-9.');
}
