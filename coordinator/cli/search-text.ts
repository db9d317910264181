import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
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
    // As a stream: a socket, as other programs give it, cannot be opened as /dev/stdin.
    return await (path === '-' ? text(process.stdin) : readFile(path, 'utf8'));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new VernierError('FILE_UNREADABLE', `${path}: ${REASONS[code] ?? message}`, {
      mend: 'name a search file, as in: vernier run configs/quickstart.yaml',
      cause: error,
    });
  }
}
