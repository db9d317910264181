import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { shellWord } from '../../proto/shell-word.js';
import { defaultStore } from '../../proto/user-folders.js';
import { startCoordinator, type Coordinator, type CoordinatorOptions } from '../service/coordinator.js';
import { liveCoordinatorAddress } from '../store/lock.js';
import { CoordinatorApi, isOutage } from './api.js';
import type { ReachOptions } from './options.js';

/** A coordinator that is restarted is back within this time, or not at all. */
const RECONNECT_MS = 5 * 60_000;
/** `vernier list` and its like hold a store for a moment only. */
const LOCKED_WAIT_MS = 2_000;
const LOCKED_RETRY_MS = 50;

/** A coordinator to ask. */
export interface Reached {
  api: CoordinatorApi;
  /** False when it was started for this command: no worker is with it, so nothing runs. */
  serving: boolean;
  /**
   * How long it is worth looking for it again when it is lost. One that a store led to may come back anywhere: the store
   * is asked again instead.
   */
  reconnectMs: number;
  /** How another command reaches the same searches: ` --coordinator ...`, ` --store ...`, or nothing for the default. */
  sameAgain: string;
  close(): Promise<void>;
}

interface ReachTarget extends ReachOptions {
  /** A store that is not there is made; else it is taken for a slip. */
  create?: boolean;
}

/**
 * The coordinator that --coordinator names; else, for a store, the one that serves it now, or a short-lived one of our own.
 *
 * @throws VernierError FILE_UNREADABLE for a store that is not there, and what startCoordinator throws
 */
async function reach(options: ReachTarget, { env }: CommandContext): Promise<Reached> {
  if (options.coordinator !== undefined) {
    return serving(options.coordinator, ` --coordinator ${options.coordinator}`, RECONNECT_MS);
  }
  if (options.store !== undefined && !options.create && !existsSync(options.store)) {
    throw new VernierError('FILE_UNREADABLE', `store ${options.store}: no such file`, {
      mend: 'name the file that --store of run or coordinator named, or leave --store out for the default one',
    });
  }
  const store = storeFile(options, env);
  const sameAgain = options.store === undefined ? '' : ` --store ${shellWord(options.store)}`;
  const untilMs = performance.now() + LOCKED_WAIT_MS;
  for (;;) {
    const live = liveCoordinatorAddress(store);
    if (live !== undefined) return serving(live, sameAgain);
    try {
      return ownCoordinator(await startCoordinator({ listen: '127.0.0.1:0', store }), sameAgain);
    } catch (error) {
      // Somebody else was faster and will say in a moment where it serves.
      if (!isLocked(error) || performance.now() > untilMs) throw error;
      await sleep(LOCKED_RETRY_MS);
    }
  }
}

/** Starts a coordinator over a store that another command's short-lived one may still hold for a moment. */
export async function startWhenFree(options: CoordinatorOptions): Promise<Coordinator> {
  const untilMs = performance.now() + LOCKED_WAIT_MS;
  for (;;) {
    try {
      return await startCoordinator(options);
    } catch (error) {
      if (!isLocked(error) || performance.now() > untilMs) throw error;
      await sleep(LOCKED_RETRY_MS);
    }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof VernierError && error.code === 'STORE_LOCKED';
}

function ownCoordinator(coordinator: Coordinator, sameAgain: string): Reached {
  const api = new CoordinatorApi(coordinator.address);
  const close = (): Promise<void> => {
    api.close();
    return coordinator.close();
  };
  return { api, serving: false, reconnectMs: 0, sameAgain, close };
}

function serving(address: string, sameAgain: string, reconnectMs = 0): Reached {
  const api = new CoordinatorApi(address);
  return { api, serving: true, reconnectMs, sameAgain, close: async () => api.close() };
}

/** The store's file; the default one's folder is made. */
export function storeFile({ store }: { store?: string }, env: NodeJS.ProcessEnv): string {
  if (store !== undefined) return resolve(store);
  const file = defaultStore(env);
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw new VernierError('STORE_UNWRITABLE', `store ${file}: its folder cannot be made: ${String(error)}`, {
      mend: 'name another place by --store FILE, or set XDG_DATA_HOME',
      cause: error,
    });
  }
  return file;
}

/** A coordinator that closes answers no more, but holds its store until all calls have heard how they ended. */
const CLOSING_MS = 5_000;

/**
 * Runs `use` with the coordinator that the options name, and closes it whatever happens. A store's own coordinator may
 * end meanwhile, as a run or another command's short-lived one does: then `use` runs once more with the next.
 */
export async function withCoordinator<T>(
  options: ReachTarget,
  context: CommandContext,
  use: (reached: Reached) => Promise<T>,
): Promise<T> {
  let lostSinceMs: number | undefined;
  for (;;) {
    const reached = await reach(options, context);
    const usedSinceMs = performance.now();
    try {
      return await use(reached);
    } catch (error) {
      if (options.coordinator !== undefined || !reached.serving || !isOutage(error)) throw error;
      const nowMs = performance.now();
      if (lostSinceMs === undefined || nowMs - usedSinceMs > CLOSING_MS) lostSinceMs = nowMs;
      if (nowMs - lostSinceMs > CLOSING_MS) throw error;
    } finally {
      await reached.close();
    }
    await sleep(LOCKED_RETRY_MS);
  }
}

/** The id meant by `id`: as it is, or the newest search's for `latest` or none. */
export async function searchId(api: CoordinatorApi, id: string | undefined): Promise<string> {
  if (id !== undefined && id !== 'latest') return id;
  const [newest] = await api.list(1);
  if (newest === undefined) {
    throw new VernierError('SEARCH_NOT_FOUND', 'there is no search yet', { mend: 'start one: vernier run FILE' });
  }
  return newest.id;
}
