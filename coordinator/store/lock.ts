import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openDatabase } from '../../proto/sqlite.js';
import { VernierError } from '../../proto/errors.js';
import { namingStore } from './sqlite-errors.js';

/**
 * One coordinator a store. The lock is SQLite's on a file of its own, FILE-lock, which is the operating system's: it ends
 * with its process, however that ends. Beside it FILE-coordinator says who holds it and where it serves; that file alone
 * means nothing, since a killed coordinator leaves it behind, and is believed only while the lock is held.
 */
export interface StoreLock {
  /** The store's file with links resolved, so that two paths to one store meet at one lock. */
  readonly file: string;
  /** Tells others where this coordinator serves. */
  announce(address: string): void;
  release(): void;
}

/** Long enough for a command that only looks whether the lock is held to let go of it. */
const LOOK_MS = 250;

interface Holder {
  pid: number;
  address: string;
}

/** @throws VernierError STORE_LOCKED with who holds it, STORE_UNWRITABLE, STORE_FULL */
export function lockStore(store: string): StoreLock {
  const file = resolvedFile(store);
  const folder = statSync(dirname(file), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) {
    throw new VernierError('STORE_UNWRITABLE', `store ${store}: there is no folder ${dirname(file)}`, {
      mend: 'make the folder, or name another place by --store FILE',
    });
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new VernierError('STORE_UNWRITABLE', `store ${store}: is a folder`, {
      mend: `name a file in it: --store ${join(store, 'searches.db')}`,
    });
  }
  const unlock = tryLock(file, LOOK_MS);
  if (unlock === undefined) throw lockedError(store, file);
  const holder = holderFile(file);
  try {
    // At once: it may be of one that was killed.
    namingStore(store, () => rmSync(holder, { force: true }));
  } catch (error) {
    unlock();
    throw error;
  }
  return {
    file,
    announce: (address) => {
      const written: Holder = { pid: process.pid, address };
      namingStore(store, () => {
        writeFileSync(`${holder}.new`, JSON.stringify(written));
        renameSync(`${holder}.new`, holder); // at once, so that nobody reads half of it
      });
    },
    release: () => {
      rmSync(holder, { force: true });
      unlock();
    },
  };
}

/** Address of the coordinator that now holds this store's lock, if one does: commands given a locked store talk to it. */
export function liveCoordinatorAddress(store: string): string | undefined {
  const file = resolvedFile(store);
  return isHeld(file) ? readHolder(file)?.address : undefined;
}

function isHeld(file: string): boolean {
  // Whoever looks makes no file where there was no store.
  if (!existsSync(lockFile(file))) return false;
  const unlock = tryLock(file, 0);
  unlock?.();
  return unlock === undefined;
}

/** What lets go of the lock again; undefined when another holds it. */
function tryLock(file: string, waitMs: number): (() => void) | undefined {
  return namingStore(file, () => {
    const database = openDatabase(lockFile(file), { timeout: waitMs });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
      throw error;
    }
    // The file stays: were it removed, two coordinators could lock two files of one name.
    return () => database.close();
  });
}

function lockedError(store: string, file: string): VernierError {
  const holder = readHolder(file);
  const who = holder === undefined ? 'another coordinator' : `process ${holder.pid}, serving at ${holder.address}`;
  return new VernierError('STORE_LOCKED', `store ${store} is in use by ${who}`, {
    mend:
      holder === undefined
        ? 'wait until it has ended, or name another file by --store FILE'
        : `hand it the search (vernier submit FILE --coordinator ${holder.address}), wait until it has ended, or name another file by --store FILE`,
  });
}

function readHolder(file: string): Holder | undefined {
  try {
    const { pid, address } = JSON.parse(readFileSync(holderFile(file), 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof address === 'string' ? { pid, address } : undefined;
  } catch {
    return undefined; // it is only just starting
  }
}

/** Never opened but by SQLite: a process that closes any descriptor of a file loses its locks on it. */
function lockFile(file: string): string {
  return `${file}-lock`;
}

function holderFile(file: string): string {
  return `${file}-coordinator`;
}

function resolvedFile(store: string): string {
  if (existsSync(store)) return realpathSync(store);
  const folder = dirname(store);
  return existsSync(folder) ? join(realpathSync(folder), basename(store)) : store;
}
