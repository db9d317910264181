import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { VernierError } from '../../proto/errors.js';

/**
 * Tells before long work that its output has no place to go.
 *
 * @throws VernierError FILE_UNWRITABLE
 */
export async function requireWritable(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(path, 'is a folder');
}

/**
 * Writes a file that is there whole or not at all: under another name beside it, which is then given its own.
 *
 * @param fill writes the content; when it throws, nothing is left
 * @throws VernierError FILE_UNWRITABLE, and what `fill` throws
 */
export async function writeAtomically(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`;
  const file = await open(draft, 'wx').catch((error: unknown) => {
    throw unwritable(path, error);
  });
  try {
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error instanceof VernierError ? error : unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): VernierError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'its folder does not exist',
    EACCES: 'writing is not allowed there',
    ENOSPC: 'the disk is full',
    EROFS: 'its file system is read-only',
  };
  const reason = typeof cause === 'string' ? cause : (reasons[code ?? ''] ?? message);
  return new VernierError('FILE_UNWRITABLE', `${path} cannot be written: ${reason}`, {
    mend: 'name another file by --output',
    cause,
  });
}
