import { readFile } from 'node:fs/promises';
import { VernierError } from '../../proto/errors.js';

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder',
  EACCES: 'reading is not allowed',
};

/**
 * A search file's text; `-` is standard input.
 *
 * @throws VernierError FILE_UNREADABLE
 */
export async function readSearchText(path: string): Promise<string> {
  try {
    return await readFile(path === '-' ? '/dev/stdin' : path, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new VernierError('FILE_UNREADABLE', `${path}: ${REASONS[code] ?? message}`, {
      mend: 'name a search file, as in: vernier run configs/quickstart.yaml',
      cause: error,
    });
  }
}
