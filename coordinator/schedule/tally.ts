import type { AttemptEnd, AttemptRecord } from '../store/records.js';

/**
 * A trial that takes its worker down with it every time would otherwise be tried for ever: after so many losses in a row as the
 * only trial on its worker it ends as failed. Machines that vanish for reasons of their own do not reach this.
 */
const MAX_LOSSES_ALONE = 10;
/** After so many losses in a row a trial is run alone, so that it is known who is to blame and nobody suffers with it. */
const SUSPECT_AFTER_LOSSES = 3;

/** A trial's former attempts, counted. */
export interface AttemptTally {
  /** All that were started. */
  readonly attempts: number;
  /** The program's own failures and crashes of its thread: what uses up the trial's tries. */
  readonly failures: number;
  /** Workers lost one after the other. */
  readonly lossesInARow: number;
  /** Those among them that ran nothing else. */
  readonly lossesAlone: number;
}

export const NO_ATTEMPTS: AttemptTally = { attempts: 0, failures: 0, lossesInARow: 0, lossesAlone: 0 };

export function withStarted(tally: AttemptTally): AttemptTally {
  return { ...tally, attempts: tally.attempts + 1 };
}

/** @param alone whether the attempt's worker ran nothing else in all that time */
export function withEnded(tally: AttemptTally, end: AttemptEnd, alone: boolean): AttemptTally {
  if (end === 'worker lost') {
    return {
      ...tally,
      lossesInARow: tally.lossesInARow + 1,
      lossesAlone: tally.lossesAlone + (alone ? 1 : 0),
    };
  }
  const failed = end === 'failed' || end === 'thread crashed';
  return { ...tally, failures: tally.failures + (failed ? 1 : 0), lossesInARow: 0, lossesAlone: 0 };
}

/** The same count, from what was stored. */
export function tallyOf(attempts: readonly AttemptRecord[]): AttemptTally {
  return attempts.reduce(
    (tally, { end, alone }) => (end === undefined ? withStarted(tally) : withEnded(withStarted(tally), end, alone)),
    NO_ATTEMPTS,
  );
}

export function isSuspect(tally: AttemptTally): boolean {
  return tally.lossesInARow >= SUSPECT_AFTER_LOSSES;
}

/**
 * Why the trial gets no further attempt, or undefined when it does.
 *
 * @param tries how often the program itself may fail
 */
export function usedUp(tally: AttemptTally, tries: number): string | undefined {
  if (tally.failures >= tries) return tally.failures === 1 ? 'failed' : `failed ${tally.failures} times`;
  if (tally.lossesAlone >= MAX_LOSSES_ALONE) {
    return `took down ${tally.lossesAlone} workers in a row, running alone on each`;
  }
  return undefined;
}
