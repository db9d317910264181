import { writeJson } from '../../proto/cli-options.js';
import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { searchStateFromWire } from '../../proto/wire.js';
import { busyMs } from '../report/busy.js';
import { summaryOf } from '../report/detail.js';
import { duration, printable } from '../report/format.js';
import { provenanceText } from '../report/provenance.js';
import { TEXT_COLUMNS } from '../report/round-table.js';
import { searchJson } from '../report/search-json.js';
import { hasGradientChecks } from '../report/gradient-table.js';
import { searchText } from '../report/search-text.js';

export interface ResultOptions {
  json?: boolean | undefined;
  /** Whether a coordinator is there that runs the search, if it has not ended (Reached.serving). */
  serving: boolean;
  /** How other commands reach the same search (Reached.sameAgain). */
  sameAgain: string;
  /** Tell where the search comes from and what computed it; the JSON does in any case. */
  provenance?: boolean;
}

/** Writes a search, ended or not, on stdout: tables and what to do next, or one JSON object. */
export function writeResult(
  detail: SearchDetail__Output,
  { json, serving, sameAgain, provenance }: ResultOptions,
  stdout: { columns?: number; write(text: string): unknown },
): void {
  if (json) {
    writeJson(searchJson(detail), stdout);
    return;
  }
  const columns = Math.min(TEXT_COLUMNS, stdout.columns || TEXT_COLUMNS);
  const told = provenance ? [provenanceText(detail, columns)] : [];
  stdout.write(`${[searchText(detail, columns), ...told, ...closingLines(detail, serving, sameAgain)].join('\n')}\n`);
}

/** Of a search that is not at its end, in a store that no coordinator serves. */
const STANDS_STILL = 'It stands still: no coordinator serves its store. `vernier run FILE` goes on with it.';

function closingLines(detail: SearchDetail__Output, serving: boolean, sameAgain: string): string[] {
  const { id, state } = summaryOf(detail);
  if (state === 'SEARCH_RUNNING') return [serving ? `Follow it: vernier watch ${id}${sameAgain}` : STANDS_STILL];
  const took = `Search ${id} took ${duration(busyMs(detail))}`;
  if (detail.best === null) return [took];
  if (detail.rounds.some(hasGradientChecks)) {
    return [took, `All that was compared: vernier weights ${id}${sameAgain} --output check.safetensors`];
  }
  return [took, `Best weights: vernier weights ${id}${sameAgain} --output best.safetensors`];
}

/**
 * Ends a command that waited for a search's end with exit code 1 unless the search completed.
 *
 * @throws VernierError SEARCH_FAILED
 */
export function requireCompleted(detail: SearchDetail__Output): void {
  const { name, state, message } = summaryOf(detail);
  const known = searchStateFromWire(state);
  if (known === 'completed') return;
  throw new VernierError('SEARCH_FAILED', `search ${printable(name)} ${known}${message === '' ? '' : `: ${message}`}`, {
    mend: 'to repeat it from the start, give --again',
  });
}
