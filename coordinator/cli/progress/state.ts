import type { Parameters, SearchSpec, SearchState } from '../../../proto/domain.js';
import type { RoundDetail__Output } from '../../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchEvent__Output } from '../../../proto/generated/vernier/v1/SearchEvent.js';
import { parametersFromWire, searchStateFromWire } from '../../../proto/wire.js';

/** A search as its progress shows it: every planned round, whether it is open yet or not. */
export interface ProgressState {
  /** `message`: what it waits for that somebody has to see to, or empty; `waitingCode`: that obstacle's error code. */
  search: { id: string; name: string; seed: number; state: SearchState; message: string; waitingCode: string };
  metric: string;
  rounds: RoundProgress[];
  running: RunningProgress[];
  best?: { round: string; trial: number; parameters: Parameters; score: number };
  workers: number;
  threads: number;
}

export interface RoundProgress {
  name: string;
  state: 'waiting' | 'open' | 'closed';
  trialsTotal: number;
  /** Ended, however. */
  trialsDone: number;
  /** Ended otherwise than completed. */
  trialsLost: number;
  /** What its numeric parameters are drawn from; empty while it waits. */
  interval: Record<string, { min: number; max: number }>;
}

export interface RunningProgress {
  trial: number;
  attempt: number;
  /** The first of the trials that share its thread, perhaps itself; 0 where that is not known. */
  beside: number;
  parameters: Parameters;
  /** Finished. */
  epoch: number;
  /** 0 until the first has finished. */
  epochs: number;
  /** Both count parts: the trial is divided, and all threads of its worker run it. */
  inParts?: boolean;
}

/** What an event says, laid over what the search file plans. */
export function progressState(event: SearchEvent__Output, spec: SearchSpec): ProgressState {
  const { search, best } = event;
  if (search === null) throw new TypeError('a search event names its search');
  const trials = new Map(event.rounds.flatMap((round) => round.trials.map((trial) => [trial.number, trial])));
  return {
    search: {
      id: search.id,
      name: search.name,
      seed: search.seed,
      state: searchStateFromWire(search.state),
      message: search.message,
      waitingCode: search.waitingCode,
    },
    metric: spec.metric.name,
    rounds: spec.rounds.map((planned, index) => {
      const opened = event.rounds.find((round) => round.index === index);
      return opened === undefined ? waitingRound(planned, spec) : openedRound(opened);
    }),
    running: event.running.map(({ number, attempt, beside, epoch, epochs, inParts }) => ({
      trial: number,
      attempt,
      beside,
      parameters: parametersFromWire(trials.get(number)?.parameters ?? {}),
      epoch,
      epochs,
      inParts,
    })),
    ...(best === null
      ? {}
      : {
          best: {
            round: best.round,
            trial: best.number,
            parameters: parametersFromWire(best.parameters),
            score: best.score,
          },
        }),
    workers: event.workers,
    threads: event.threads,
  };
}

function waitingRound({ name, trials, carry }: SearchSpec['rounds'][number], spec: SearchSpec): RoundProgress {
  const configurations = trials + (carry?.best ?? 0);
  const repeats = spec.trainingSeeds.length;
  return { name, state: 'waiting', trialsTotal: configurations * repeats, trialsDone: 0, trialsLost: 0, interval: {} };
}

function openedRound(round: RoundDetail__Output): RoundProgress {
  const ended = round.trials.filter(({ state }) => state !== 'TRIAL_PENDING' && state !== 'TRIAL_LEASED');
  return {
    name: round.name,
    state: round.state === 'ROUND_CLOSED' ? 'closed' : 'open',
    trialsTotal: Math.max(round.trialsTotal, round.trials.length),
    trialsDone: ended.length,
    trialsLost: ended.filter(({ state }) => state !== 'TRIAL_COMPLETED').length,
    interval: round.interval,
  };
}

export function trialsDone(state: ProgressState): number {
  return state.rounds.reduce((sum, round) => sum + round.trialsDone, 0);
}

/** The running trials by the threads that they share, as far as that is known. */
export function byThread(running: readonly RunningProgress[]): RunningProgress[][] {
  const threads = new Map<string, RunningProgress[]>();
  for (const trial of running) {
    const thread = trial.beside === 0 ? `trial ${trial.trial}` : `beside ${trial.beside}`;
    threads.set(thread, [...(threads.get(thread) ?? []), trial]);
  }
  return [...threads.values()];
}

/** The share of a running trial's epochs that have finished. */
export function shareTrained({ epoch, epochs }: Pick<RunningProgress, 'epoch' | 'epochs'>): number {
  return epochs === 0 ? 0 : Math.min(1, epoch / epochs);
}
