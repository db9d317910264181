import { basename } from 'node:path';
import type { DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { printable } from '../report/format.js';
import { parseSearchFile, type SearchFile } from '../spec/search-file.js';
import { formatProblems } from './problems.js';
import { readSearchText } from './search-text.js';

export interface CheckedFile {
  text: string;
  /** What messages call it. */
  fileName: string;
  search: SearchFile;
}

/**
 * Reads a search file that is to be run. Its mistakes are written on `stderr`.
 *
 * @param datasets those of one's own
 * @throws VernierError FILE_UNREADABLE, SPEC_INVALID
 */
export async function checkedFile(
  path: string,
  { seed }: { seed?: number },
  datasets: readonly DatasetInfo[],
  stderr: { write(text: string): unknown },
): Promise<CheckedFile> {
  const text = await readSearchText(path);
  const fileName = path === '-' ? 'standard input' : basename(path);
  try {
    const search = parseSearchFile(text, { fileName, datasets, ...(seed === undefined ? {} : { seed }) });
    return { text, fileName, search };
  } catch (error) {
    throw withMistakesTold(error, path, text, stderr);
  }
}

/** Writes the mistakes of a SPEC_INVALID on `stderr`; what is left to be thrown. Other errors as they are. */
export function withMistakesTold(
  error: unknown,
  path: string,
  text: string,
  stderr: { write(text: string): unknown },
): unknown {
  if (!(error instanceof VernierError) || error.code !== 'SPEC_INVALID') return error;
  stderr.write(`${formatProblems(printable(path), text, error.problems)}\n`);
  return new VernierError(error.code, error.message, { cause: error });
}
