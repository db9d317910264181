import type { AttemptDetail__Output } from '../../proto/generated/vernier/v1/AttemptDetail.js';
import type { Machine__Output } from '../../proto/generated/vernier/v1/Machine.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import type { Machine } from '../../proto/machine.js';
import { summaryOf } from './detail.js';
import { counted, printable, wrap } from './format.js';
import { TEXT_COLUMNS } from './round-table.js';

/** What a trial's results were computed by. */
export interface Computed {
  /** Backend, the native one with its width; empty where it was not told. */
  kernel: string;
  /** Undefined where it was not told. */
  machine: Machine | undefined;
}

/** The machine at a place (from 1) of the search's list; undefined for 0, which says that it was not told. */
export function machineAt({ machines }: Pick<SearchDetail__Output, 'machines'>, place: number): Machine | undefined {
  return machines[place - 1];
}

/** The attempt whose results are the trial's; undefined when it has none. */
function countingAttempt({ attempts }: Pick<TrialDetail__Output, 'attempts'>): AttemptDetail__Output | undefined {
  return attempts.findLast(({ end }) => end === 'completed' || end === 'diverged');
}

/** What computed a trial's results; undefined when it has none. */
export function computedBy(
  trial: Pick<TrialDetail__Output, 'attempts'>,
  detail: Pick<SearchDetail__Output, 'machines'>,
): Computed | undefined {
  const attempt = countingAttempt(trial);
  return attempt && { kernel: attempt.kernel, machine: machineAt(detail, attempt.machine) };
}

/** `native (avx2), vernier 0.1.0, Node.js 20.20.2 (V8 11.3.244.8), linux 6.1.0 x64, AMD EPYC` */
export function computedText({ kernel, machine }: Computed): string {
  const parts = [kernel, ...(machine === undefined ? ['a machine that was not recorded'] : machineParts(machine))];
  return parts.filter((part) => part !== '').join(', ');
}

function machineParts({ version, node, v8, system, architecture, processor }: Machine): string[] {
  return [`vernier ${version}`, `Node.js ${node} (V8 ${v8})`, `${system} ${architecture}`, processor].map(printable);
}

const DIGEST_DIGITS = 12;

/** Where a search comes from and what computed it, in a few lines of at most `columns`. */
export function provenanceText(detail: SearchDetail__Output, columns = TEXT_COLUMNS): string {
  const { specSha256, seed } = summaryOf(detail);
  const { fileName, numericsVersion, datasets, takenBy } = detail;
  const short = (digest: string): string => digest.slice(0, DIGEST_DIGITS);
  const data = datasets.map(({ name, sha256 }) => `${printable(name)} ${short(sha256)}`).join(', ');
  const from = [
    `File ${fileName === '' ? 'not recorded' : printable(fileName)}`,
    `specification ${short(specSha256)}`,
    `seed ${seed}`,
    ...(data === '' ? [] : [`data ${data}`]),
    `numerics ${printable(numericsVersion)}`,
  ];
  const taker = machineAt(detail, takenBy);
  return [
    from.join(', '),
    ...(taker === undefined ? [] : [`Taken by ${machineParts(taker).slice(0, 3).join(', ')}`]),
    ...ranOn(detail),
  ]
    .map((line) => wrap(line, columns, '  '))
    .join('\n');
}

/** A line for each kind of machine, by how many results it gave. */
export function ranOn(detail: SearchDetail__Output): string[] {
  const counts = new Map<string, number>();
  for (const trial of detail.rounds.flatMap(({ trials }) => trials)) {
    const computed = computedBy(trial, detail);
    if (computed === undefined) continue;
    const text = computedText(computed);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${counted(count, 'trial')} on ${text}`);
}

/** Of a search, as `--json` prints it. */
export interface ProvenanceJson {
  /** What its submitter called the file; null when it was not recorded, as are the next and machines of old searches. */
  file: string | null;
  /** Over the file's text. */
  fileSha256: string | null;
  numericsVersion: string;
  datasets: { name: string; sha256: string }[];
  /** The coordinator that took it: place in `machines`, from 0. */
  takenBy: number | null;
  /** All that had a part in it; attempts name their places in this list. */
  machines: Machine[];
}

export function provenanceJson(detail: SearchDetail__Output): ProvenanceJson {
  const { fileName, fileSha256, numericsVersion, datasets, takenBy, machines } = detail;
  return {
    file: fileName === '' ? null : fileName,
    fileSha256: fileSha256 === '' ? null : fileSha256,
    numericsVersion,
    datasets: datasets.map(({ name, sha256 }) => ({ name, sha256 })),
    takenBy: placeJson(takenBy),
    machines: machines.map(machineJson),
  };
}

/** One attempt, as `--json` prints it. */
export interface AttemptJson {
  /** From 1 within the trial. */
  number: number;
  worker: string;
  kernel: string;
  /** Place in `provenance.machines`, from 0; null when the worker did not tell. */
  machine: number | null;
  /** Unix milliseconds. */
  startedMs: number;
  /** Null while it runs, as `end`. */
  endedMs: number | null;
  end: string | null;
  message: string;
}

export function attemptJson(attempt: AttemptDetail__Output): AttemptJson {
  const { number, worker, kernel, machine, startedMs, endedMs, end, message } = attempt;
  return {
    number,
    worker,
    kernel,
    machine: placeJson(machine),
    startedMs,
    endedMs: endedMs === 0 ? null : endedMs,
    end: end === '' ? null : end,
    message,
  };
}

export function machineJson({
  version,
  node,
  v8,
  system,
  architecture,
  processor,
}: Machine__Output | Machine): Machine {
  return { version, node, v8, system, architecture, processor };
}

function placeJson(place: number): number | null {
  return place === 0 ? null : place - 1;
}
