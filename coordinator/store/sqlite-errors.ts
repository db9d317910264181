import { VernierError, type ErrorCode } from '../../proto/errors.js';

/** What SQLite or the operating system says of the store's files -> our code, the finding and the mend. */
const FINDINGS: Record<string, [ErrorCode, string, string]> = {};

function finding(code: ErrorCode, what: string, mend: string, ...causes: string[]): void {
  for (const cause of causes) FINDINGS[cause] = [code, what, mend];
}

const MAKE_ROOM = 'make room, or name a place on another disk by --store FILE';
// SQLITE_IOERR_WRITE is what SQLite makes of a used-up quota, SQLITE_IOERR_SHMSIZE of a full disk under the -shm file.
finding('STORE_FULL', 'the disk is full', MAKE_ROOM, 'SQLITE_FULL', 'ENOSPC', 'SQLITE_IOERR_SHMSIZE');
finding('STORE_FULL', 'the disk quota is used up', MAKE_ROOM, 'EDQUOT', 'SQLITE_IOERR_WRITE');
const CHOOSE_PLACE = 'name a place that can be written by --store FILE';
finding('STORE_UNWRITABLE', 'no file can be made there', CHOOSE_PLACE, 'SQLITE_CANTOPEN', 'SQLITE_CANTOPEN_ISDIR');
finding('STORE_UNWRITABLE', 'no permission to write there', CHOOSE_PLACE, 'EACCES', 'EPERM', 'SQLITE_READONLY');
finding('STORE_UNWRITABLE', 'no permission to write there', CHOOSE_PLACE, 'SQLITE_PERM', 'SQLITE_READONLY_DIRECTORY');
finding('STORE_UNWRITABLE', 'the file system is read-only', CHOOSE_PLACE, 'EROFS');
finding('STORE_UNWRITABLE', 'a part of its path is no folder', CHOOSE_PLACE, 'ENOTDIR', 'EEXIST');
finding('STORE_UNWRITABLE', 'there is no such folder', CHOOSE_PLACE, 'ENOENT');
const RESTORE = 'put a copy from a backup in its place, or name another file by --store FILE';
finding('STORE_CORRUPT', 'it is no SQLite database', 'name another file by --store FILE', 'SQLITE_NOTADB');
finding('STORE_CORRUPT', 'the file is damaged', RESTORE, 'SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_IOERR');
const WAIT = 'end the other program';
finding(
  'STORE_LOCKED',
  'another program keeps it locked',
  WAIT,
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_LOCKED',
);

/** What the system says of a store's file, as an error that names it; anything else as it is. */
export function storeError(error: unknown, file: string): unknown {
  const cause = (error as { code?: unknown }).code;
  if (error instanceof VernierError || typeof cause !== 'string') return error;
  // Extended codes that have no line of their own are read as their base: SQLITE_IOERR_READ as SQLITE_IOERR.
  const known = FINDINGS[cause] ?? FINDINGS[/^SQLITE_[A-Z]+/.exec(cause)?.[0] ?? ''];
  if (known === undefined) return error;
  const [code, what, mend] = known;
  return new VernierError(code, `store ${file}: ${what} (${(error as Error).message})`, { mend, cause: error });
}

/** Runs `use`, naming the store's file in what the system says of it. */
export function namingStore<T>(file: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw storeError(error, file);
  }
}
