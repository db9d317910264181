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
    if (!(error instanceof VernierError) || error.code !== 'SPEC_INVALID') throw error;
    stderr.write(`${formatProblems(printable(path), text, error.problems)}\n`);
    throw new VernierError(error.code, error.message, { cause: error });
  }
}
