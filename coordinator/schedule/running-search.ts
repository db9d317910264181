import type { DatasetInfo } from '../../proto/datasets.js';
import type { EndedTrialState, SearchSpec, SearchState } from '../../proto/domain.js';
import { openRound } from '../search/open-round.js';
import type { FinishedRound, OpenedRound } from '../search/round.js';
import type { SearchRecord, TrialResults } from '../store/records.js';
import type { Effects } from './effects.js';
import type { SubmittedSearch } from './events.js';
import { PendingTrials } from './pending.js';
import { isEnded, newTrial, storedTrial, type Trial } from './trial.js';
import { KeptWeights, type WeightsPolicy } from './weights.js';

export interface SearchEnd {
  state: Exclude<SearchState, 'running'>;
  message: string;
}

export interface ScheduledRound extends Omit<OpenedRound, 'trials'> {
  /** In trial order. */
  trials: Trial[];
  /** Those that wait for a worker. */
  pending: PendingTrials;
  /** How many have not ended. */
  left: number;
}

/**
 * A search that has not ended: its rounds, the last of which is open.
 *
 *     submitted --> round open --its last trial has ended--> closed --> next round open --> ... --> completed
 *     any --a round cannot be opened | a trial failed for good and the file says stop | nothing but failures--> failed
 */
export class RunningSearch {
  readonly id: string;
  readonly spec: SearchSpec;
  readonly specSha256: string;
  readonly datasets: readonly DatasetInfo[];
  readonly numericsVersion: string;
  private readonly closed: ScheduledRound[] = [];
  private present: ScheduledRound | undefined;
  private readonly weights: KeptWeights;

  constructor(submitted: SubmittedSearch) {
    this.id = submitted.id;
    this.spec = submitted.spec;
    this.specSha256 = submitted.specSha256;
    this.datasets = submitted.datasets;
    this.numericsVersion = submitted.numericsVersion;
    this.weights = new KeptWeights(this.spec);
  }

  static recovered(record: SearchRecord): RunningSearch {
    const search = new RunningSearch(record);
    for (const { closed, index, name, method, interval, trials: stored } of record.rounds) {
      const trials = stored.map((trial) => storedTrial(trial, search.spec.retries));
      const waiting = trials.filter(({ state }) => state === 'pending');
      const pending = new PendingTrials(waiting, search.datasets);
      const left = trials.filter((trial) => !isEnded(trial)).length;
      const round = { index, name, method, interval, trials, pending, left };
      search.weights.roundOpened(trials);
      for (const trial of trials.filter(isEnded)) search.weights.ended(trial);
      if (closed) search.closed.push(round);
      else search.present = round;
    }
    return search;
  }

  /** The open round; absent before the first `settle` only. */
  get round(): ScheduledRound | undefined {
    return this.present;
  }

  weightsPolicy(trial: Trial): WeightsPolicy {
    return this.weights.policy(trial.number);
  }

  /** A worker has the trial. */
  leased(trial: Trial): void {
    trial.state = 'leased';
    this.present?.pending.remove(trial);
  }

  /** The trial waits for a worker again, in its place by number. */
  handedBack(trial: Trial): void {
    trial.state = 'pending';
    this.present?.pending.add(trial);
  }

  /** A leased trial has ended for good. How the search ended with it, if it did. */
  trialEnded(
    trial: Trial,
    state: EndedTrialState,
    results: TrialResults | undefined,
    effects: Effects,
  ): SearchEnd | undefined {
    trial.state = state;
    trial.metrics = results?.metrics ?? {};
    trial.weightsBlob = results?.weightsBlob ?? '';
    if (this.present !== undefined) this.present.left--;
    const write = { kind: 'end-trial', search: this.id, trial: trial.number, state } as const;
    effects.writes.push(results === undefined ? write : { ...write, results });
    for (const { number, weightsBlob: blob } of this.weights.ended(trial)) {
      effects.writes.push({ kind: 'drop-weights', search: this.id, trial: number, blob });
    }
    if (state === 'failed' && this.spec.onFailure === 'stop') {
      return { state: 'failed', message: `trial ${trial.number} ${trial.failure}` };
    }
    return this.settle(effects);
  }

  /** Closes and opens rounds as far as the trials that have ended allow. How the search ended, if it has. */
  settle(effects: Effects): SearchEnd | undefined {
    while (this.present === undefined || this.present.left === 0) {
      const end = this.present === undefined ? undefined : this.close(this.present, effects);
      if (end !== undefined) return end;
      if (this.closed.length === this.spec.rounds.length) return { state: 'completed', message: '' };
      const impossible = this.openNext(effects);
      if (impossible !== undefined) return { state: 'failed', message: impossible };
    }
    return undefined;
  }

  private close(round: ScheduledRound, effects: Effects): SearchEnd | undefined {
    effects.writes.push({ kind: 'close-round', search: this.id, index: round.index });
    this.closed.push(round);
    this.present = undefined;
    const last = round.trials.at(-1);
    if (last === undefined || round.trials.some(({ state }) => state !== 'failed')) return undefined;
    const message = `round "${round.name}": every trial failed; trial ${last.number} ${last.failure}`;
    return { state: 'failed', message };
  }

  /** Why the next round cannot be opened, if so. */
  private openNext(effects: Effects): string | undefined {
    const opened = this.plan();
    if ('impossible' in opened) return opened.impossible;
    const { index, name, method, interval } = opened;
    const before = this.closed.reduce((count, { trials }) => count + trials.length, 0);
    const trials = opened.trials.map((planned, i) => newTrial(planned, before + 1 + i));
    const pending = new PendingTrials(trials, this.datasets);
    this.present = { index, name, method, interval, trials, pending, left: trials.length };
    this.weights.roundOpened(trials);
    effects.writes.push({
      kind: 'open-round',
      search: this.id,
      round: { index, name, method, interval },
      trials,
      trialsTotal: plannedTrials(this.spec, [...this.closed, this.present]),
    });
    effects.notes.push(`search ${this.id}: round ${name} opened with ${trials.length} trials`);
    return undefined;
  }

  private plan(): ReturnType<typeof openRound> {
    try {
      return openRound(this.spec, this.closed.map(finishedRound));
    } catch (error) {
      // A search that cannot be planned must not stop the others.
      return {
        impossible: `the next round cannot be planned: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
}

function finishedRound({ index, name, method, interval, trials }: ScheduledRound): FinishedRound {
  return { index, name, method, interval, trials: trials.filter(isEnded) };
}

/** Trials of a search in all: those of the rounds that are open or closed, and the file's numbers for the others. */
export function plannedTrials(spec: SearchSpec, opened: readonly { trials: readonly unknown[] }[]): number {
  const known = opened.reduce((count, { trials }) => count + trials.length, 0);
  return spec.rounds
    .slice(opened.length)
    .reduce((count, { trials, carry }) => count + (trials + (carry?.best ?? 0)) * spec.trainingSeeds.length, known);
}
