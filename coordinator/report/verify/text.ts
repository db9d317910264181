import { doubleBits, type Json } from '../../../proto/canonical.js';
import { clip, counted, printable, wrap } from '../format.js';
import { computedText, type Computed } from '../provenance.js';
import { TEXT_COLUMNS } from '../round-table.js';
import type { RecordedSearch, RecordedTrial } from './recorded-search.js';
import { sealOf, tallyOf, type Tally, type TrialDifferences, type Verification } from './verification.js';
import type { RecordFinding } from './values.js';

/** More problems of a kind than these are counted; `--json` has them all. */
const SHOWN = 20;
/** Columns of the words before a value. */
const LABEL = 17;

/** What came of a verification, in lines of at most `columns` but for digests: first what is not as it should be, then the sum. */
export function verificationText(verification: Verification, columns = TEXT_COLUMNS): string {
  const tally = tallyOf(verification);
  const fold = (line: string): string => wrap(line, columns, '  ');
  return [
    ...findingLines(verification.findings, columns),
    ...differenceLines(tally, columns),
    ...shortened(
      tally.untrained.map(({ trial, problem }) => `not trained: ${nameOf(trial)}: ${printable(problem.message)}`),
    ).map(fold),
    ...leftOutLines(tally).map(fold),
    ...sumLines(verification, tally, columns),
  ].join('\n');
}

function findingLines(findings: readonly RecordFinding[], columns: number): string[] {
  const [first, ...others] = findings;
  if (first === undefined) return [];
  return [
    `wrong record: ${printable(first.what)}`,
    valueLine('recorded', first.recorded, columns),
    valueLine('it should be', first.expected, columns),
    ...shortened(
      others.map(
        ({ what, recorded, expected }) => `also: ${printable(what)}: ${short(recorded)}, not ${short(expected)}`,
      ),
    ).map((line) => wrap(line, columns, '  ')),
  ];
}

function differenceLines({ different }: Tally, columns: number): string[] {
  const [first, ...others] = different;
  if (first === undefined) return [];
  const { trial, again, differences } = first;
  const [difference] = differences;
  if (difference === undefined) return [];
  const inAll = different.reduce((count, each) => count + each.differences.length, 0);
  return [
    wrap(`differs: ${nameOf(trial)}, ${placeOf(first)}`, columns, '  '),
    valueLine('the search has', difference.recorded, columns),
    valueLine('trained again', difference.again, columns),
    ...(inAll > 1 ? [`  and ${counted(inAll - 1, 'other value')}${others.length === 0 ? ' of it' : ''}`] : []),
    ...shortened(
      others.map((each) => {
        const [{ recorded, again: value } = { recorded: undefined, again: undefined }] = each.differences;
        return `also: ${nameOf(each.trial)}, first ${placeOf(each)}: ${short(recorded)}, not ${short(value)}`;
      }),
    ).map((line) => wrap(line, columns, '  ')),
    ...machineLines(trial.computed, again, columns),
  ];
}

/** What is different about the machines of the first difference. */
function machineLines(recorded: Computed | undefined, again: Computed | undefined, columns: number): string[] {
  if (recorded === undefined || again === undefined) return [];
  const one = computedText(recorded);
  const other = computedText(again);
  if (one === other) return [indented(`both times it ran on ${one}`, columns)];
  return [indented(`the search's ran on ${one}`, columns), indented(`again it ran on ${other}`, columns)];
}

function leftOutLines({ leftOut }: Tally): string[] {
  if (leftOut.length === 0) return [];
  const named = leftOut.slice(0, SHOWN).map(({ number, state }) => `${number} (${state})`);
  const more = leftOut.length > SHOWN ? ` and ${leftOut.length - SHOWN} more` : '';
  return [`left out, without results: ${leftOut.length === 1 ? 'trial' : 'trials'} ${named.join(', ')}${more}`];
}

function sumLines({ search, findings, trials }: Verification, tally: Tally, columns: number): string[] {
  const { same, verifiable, values, different, untrained } = tally;
  const good = findings.length === 0 && different.length === 0 && untrained.length === 0;
  const of = `${same} of ${counted(verifiable, 'trial')}, ${counted(values, 'value')}`;
  if (!good) return [wrap(`not verified: ${of} compared`, columns, '  '), ...sealLines(search, trials, columns)];
  const machines = new Set(trials.flatMap(({ again }) => (again === undefined ? [] : [computedText(again)])));
  return [
    verifiable === 0 ? 'verified: the record alone, no trial has results' : `verified: ${of}`,
    // Whole, however narrow the terminal: a part of a digest says nothing.
    ...(search.resultDigest === '' ? [] : [`  result digest ${search.resultDigest}`]),
    ...[...machines].map((machine) => indented(`trained again on ${machine}`, columns)),
  ];
}

/** Whom the digest bears out, the record or the training, where that can be told. */
function sealLines(search: RecordedSearch, trials: Verification['trials'], columns: number): string[] {
  const seal = sealOf(search, trials);
  if (seal === 'training') {
    return [indented('the recorded digest fits what was trained again: the store was changed', columns)];
  }
  return seal === 'record' ? [indented('the recorded digest fits the recorded results', columns)] : [];
}

function nameOf({ number, round }: Pick<RecordedTrial, 'number' | 'round'>): string {
  return `trial ${number} of round ${printable(round)}`;
}

/** `epoch 3, val_loss`; `val_loss at the end`; `state` */
function placeOf({ differences: [first] }: TrialDifferences): string {
  if (first === undefined) return '';
  const { epoch, what } = first;
  if (epoch === undefined) return what.includes('_') ? `${printable(what)} at the end` : printable(what);
  return what === 'epoch' ? `epoch ${epoch}` : `epoch ${epoch}, ${printable(what)}`;
}

/** `  the search has  0.5  3fe0000000000000`: numbers in decimal and by their bits. */
function valueLine(label: string, value: Json | undefined, columns: number): string {
  return `  ${label.padEnd(LABEL - 2)}${clip(withBits(value), Math.max(columns - LABEL, 64))}`;
}

function withBits(value: Json | undefined): string {
  return typeof value === 'number' ? `${String(value)}  ${doubleBits(value)}` : inWords(value);
}

const SHORT = 24;

function short(value: Json | undefined): string {
  return clip(typeof value === 'number' ? String(value) : inWords(value), SHORT);
}

function inWords(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  return printable(typeof value === 'string' ? value || 'nothing' : JSON.stringify(value));
}

function indented(text: string, columns: number): string {
  return wrap(text, columns - 2, '  ').replaceAll(/^/gm, '  ');
}

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= SHOWN) return [...lines];
  return [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more (--json has them all)`];
}
