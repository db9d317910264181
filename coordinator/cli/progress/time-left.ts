import { byThread, shareTrained, trialsDone, type ProgressState, type RoundProgress } from './state.js';
import type { SearchWork } from './search-work.js';

/** Less watching says too little: a first epoch contains the reading of the data. */
const MIN_WATCHED_MS = 2000;

/**
 * The time a search still needs, from the epochs that finished while it was watched: nothing is said before one has.
 *
 * Threads count as busy while the open round has trials for them that nobody has begun, and while a divided trial runs.
 */
export class TimeLeft {
  private watched: { atMs: number; busyThreads: number; round: number } | undefined;
  private watchedMs = 0;
  private threadMs = 0;
  private workDone = 0;
  /** Of attempts seen running: `trial:attempt` -> share of the trial that is done. */
  private shares = new Map<string, number>();
  private endedTrials = 0;

  constructor(private readonly work: SearchWork) {}

  observe(state: ProgressState, nowMs: number): void {
    const open = openRound(state);
    if (this.watched !== undefined) {
      const passedMs = Math.max(0, nowMs - this.watched.atMs);
      this.watchedMs += passedMs;
      this.threadMs += passedMs * this.watched.busyThreads;
      this.workDone += this.newWork(state, this.watched.round);
    }
    this.shares = new Map(state.running.map((trial) => [key(trial), shareTrained(trial)]));
    this.endedTrials = trialsDone(state);
    const wanted = open === undefined ? 0 : threadsWanted(open.round, state);
    const busyThreads = wanted > 0 && isDivided(state) ? state.threads : Math.min(state.threads, wanted);
    this.watched = { atMs: nowMs, busyThreads, round: open?.index ?? state.rounds.length - 1 };
  }

  /** Milliseconds, or undefined while nothing can be said. */
  leftMs(state: ProgressState): number | undefined {
    const threads = Math.max(1, state.threads);
    if (this.workDone <= 0 || this.watchedMs < MIN_WATCHED_MS || state.threads === 0) return undefined;
    const open = openRound(state);
    // Rounds come one after the other, each at best as long as its longest trial, and as what one thread has begun.
    let totalWork = 0;
    if (open !== undefined) {
      const ofThreads = byThread(state.running).map((trials) =>
        trials.reduce((total, trial) => total + 1 - shareTrained(trial), 0),
      );
      const pending = waiting(open.round, state);
      const sum = ofThreads.reduce((total, part) => total + part, pending);
      const slowest = isDivided(state) ? 0 : Math.max(pending > 0 ? 1 : 0, ...ofThreads);
      totalWork += Math.max(sum / threads, slowest) * this.work.ofTrial(open.index);
    }
    state.rounds.forEach((round, index) => {
      if (round.state === 'waiting') totalWork += Math.ceil(round.trialsTotal / threads) * this.work.ofTrial(index);
    });
    return totalWork * (this.threadMs / this.workDone);
  }

  /** Work that was done since the former state, in which `formerRound` was open. */
  private newWork(state: ProgressState, formerRound: number): number {
    const current = openRound(state)?.index ?? formerRound;
    let work = 0;
    for (const trial of state.running) {
      work += Math.max(0, shareTrained(trial) - (this.shares.get(key(trial)) ?? 0)) * this.work.ofTrial(current);
    }
    let ended = trialsDone(state) - this.endedTrials;
    const running = new Set(state.running.map(key));
    for (const [gone, done] of this.shares) {
      if (running.has(gone) || ended <= 0) continue;
      work += (1 - done) * this.work.ofTrial(formerRound);
      ended--;
    }
    // Trials so short that none of their epochs was seen.
    return work + Math.max(0, ended) * this.work.ofTrial(formerRound);
  }
}

function openRound(state: ProgressState): { index: number; round: RoundProgress } | undefined {
  const index = state.rounds.findIndex((round) => round.state === 'open');
  const round = state.rounds[index];
  return round === undefined ? undefined : { index, round };
}

/** Whether trials run that all threads share. */
function isDivided({ running }: ProgressState): boolean {
  return running.some(({ inParts }) => inParts);
}

function unfinished(round: RoundProgress): number {
  return round.trialsTotal - round.trialsDone;
}

/** Trials that nobody has begun. */
function waiting(round: RoundProgress, { running }: ProgressState): number {
  return Math.max(0, unfinished(round) - running.length);
}

function threadsWanted(round: RoundProgress, state: ProgressState): number {
  return waiting(round, state) + byThread(state.running).length;
}

function key({ trial, attempt }: { trial: number; attempt: number }): string {
  return `${trial}:${attempt}`;
}
