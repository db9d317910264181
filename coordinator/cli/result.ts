import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { searchStateFromWire } from '../../proto/wire.js';
import { summaryOf } from '../report/detail.js';
import { printable } from '../report/format.js';
import { TEXT_COLUMNS } from '../report/round-table.js';
import { searchJson } from '../report/search-json.js';
import { searchText } from '../report/search-text.js';
import { duration } from './progress/format.js';

export interface ResultOptions {
  json?: boolean | undefined;
  /** How other commands reach the same search (Reached.sameAgain). */
  sameAgain: string;
}

/** Writes a search, ended or not, on stdout: tables and what to do next, or one JSON object. */
export function writeResult(
  detail: SearchDetail__Output,
  { json, sameAgain }: ResultOptions,
  stdout: { columns?: number; write(text: string): unknown },
): void {
  if (json) {
    writeJson(searchJson(detail), stdout);
    return;
  }
  const columns = Math.min(TEXT_COLUMNS, stdout.columns ?? TEXT_COLUMNS);
  stdout.write(`${searchText(detail, columns)}\n${closingLines(detail, sameAgain).join('\n')}\n`);
}

export function writeJson(value: object, stdout: { write(text: string): unknown }): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function closingLines(detail: SearchDetail__Output, sameAgain: string): string[] {
  const { id, state, createdMs, endedMs } = summaryOf(detail);
  const took = endedMs > 0 ? `Took ${duration(endedMs - createdMs)}. ` : '';
  if (state === 'SEARCH_RUNNING') return [`Follow it: vernier watch ${id}${sameAgain}`];
  if (detail.best === null) return [`${took}Search ${id}`];
  return [`${took}Its weights: vernier weights ${id}${sameAgain} --output best.safetensors`];
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
