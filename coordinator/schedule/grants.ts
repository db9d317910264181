import { isDividedKind } from '../../proto/trainers/index.js';
import type { Lease } from './leases.js';
import type { RunningSearch } from './running-search.js';
import { isSuspect } from './tally.js';
import { datasetOf, type Trial } from './trial.js';
import { canUse, type ConnectedWorker } from './workers.js';

/**
 * Threads' worth of leases that a worker may hold for each of its threads: one runs, and the one before may still upload its weights.
 * Whoever asks for more has lost count, and others would wait for it.
 */
const MAX_HELD_A_THREAD = 2;

/** Divided trials that a worker may hold: all its threads run the one, and begin the next when no part of that is left to begin. */
const MAX_DIVIDED_HELD = 2;

/**
 * The trial a worker runs next: of the oldest search that has one for it, the one of the lowest number. A suspect (a trial that
 * has lost several workers in a row) runs alone.
 *
 * @param searches in the order of their submission
 * @param held leases the worker holds
 */
export function nextTrial(
  worker: ConnectedWorker,
  searches: Iterable<RunningSearch>,
  held: readonly Lease[],
): { search: RunningSearch; trial: Trial } | undefined {
  if (threadsOf(held, worker.sideBySide) >= MAX_HELD_A_THREAD * worker.threads) return undefined;
  if (held.some(({ trial }) => isSuspect(trial.tally))) return undefined;
  const enoughDivided = held.filter(({ trial }) => isDividedKind(trial.config['kind'])).length >= MAX_DIVIDED_HELD;
  for (const search of searches) {
    let suspectWaits = false;
    for (const trial of search.round?.pending ?? []) {
      if (!canUse(worker, datasetOf(trial.config, search.datasets)?.sha256)) continue;
      if (enoughDivided && isDividedKind(trial.config['kind'])) continue;
      if (held.length === 0 || !isSuspect(trial.tally)) return { search, trial };
      suspectWaits = true;
    }
    // The worker runs empty for it: younger searches could keep it busy for ever.
    if (suspectWaits) return undefined;
  }
  return undefined;
}

/** How many threads were given leases; of old ones of which it is not known, as few as there can have been. */
function threadsOf(held: readonly Lease[], sideBySide: number): number {
  const known = new Set(held.flatMap(({ thread }) => thread ?? []));
  const unknown = held.filter(({ thread }) => thread === undefined).length;
  return known.size + Math.ceil(unknown / sideBySide);
}

/** The worker to serve next: the one with the most free threads, of equal ones the first that came. */
export function mostFree(workers: readonly ConnectedWorker[]): ConnectedWorker | undefined {
  let most: ConnectedWorker | undefined;
  for (const worker of workers) if (worker.free > (most?.free ?? 0)) most = worker;
  return most;
}
