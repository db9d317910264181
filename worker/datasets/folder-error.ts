import { VernierError } from '../../proto/errors.js';

const UNUSABLE: Record<string, string> = {
  ENOSPC: 'the disk is full',
  SQLITE_FULL: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  SQLITE_CANTOPEN: 'no file can be made there',
  SQLITE_READONLY: 'no permission to write there',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'a file stands in its place',
};

/** What the system says of the data folder, as an error that names it and the mend; anything else as it is. */
export function folderError(error: unknown, dataDir: string): unknown {
  const reason = UNUSABLE[(error as { code?: string }).code ?? ''];
  if (error instanceof VernierError || reason === undefined) return error;
  return new VernierError('DATA_FOLDER_UNUSABLE', `data folder ${dataDir}: ${reason} (${(error as Error).message})`, {
    mend: 'make room or give permission there, or choose another place: --data-dir FOLDER or VERNIER_DATA_DIR',
    cause: error,
  });
}
