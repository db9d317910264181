import type { SearchSpec } from '../../../proto/domain.js';
import { shareTrained, type ProgressState } from './state.js';
import { trialWork } from './trial-work.js';

/** Of a trial that has not ended, what counts as undone at least: its result may still be under way. */
const SMALLEST_REST = 0.01;

/** How much training a search is: its rounds' trials differ in length, so counting them would say little. */
export class SearchWork {
  /** @param roundWork one trial's work in each planned round (trial-work.ts), undefined where the file does not say */
  constructor(private readonly roundWork: readonly (number | undefined)[]) {}

  static of(spec: SearchSpec): SearchWork {
    return SearchWork.ofAll([spec]);
  }

  /** Of searches that run one after the other, their rounds numbered through. */
  static ofAll(specs: readonly SearchSpec[]): SearchWork {
    return new SearchWork(specs.flatMap(({ rounds }) => rounds.map(({ trial }) => trialWork(trial))));
  }

  /** One trial's work in a round, in units that all rounds share; where it is unknown, that of the nearest round whose is known. */
  ofTrial(round: number): number {
    for (let distance = 0; distance < this.roundWork.length; distance++) {
      const work = this.roundWork[round - distance] ?? this.roundWork[round + distance];
      if (work !== undefined) return work;
    }
    return 1;
  }

  /** The share of the whole search that is done, 0 to 1; 1 only when every trial has ended. */
  doneShare({ rounds, running }: Pick<ProgressState, 'rounds' | 'running'>): number {
    let done = 0;
    let all = 0;
    rounds.forEach((round, index) => {
      const work = this.ofTrial(index);
      const trained = round.state === 'open' ? running.reduce((sum, trial) => sum + shareTrained(trial), 0) : 0;
      const most = Math.max(round.trialsDone, round.trialsTotal - SMALLEST_REST);
      done += work * Math.min(round.trialsDone + trained, most);
      all += work * round.trialsTotal;
    });
    return all === 0 ? 0 : done / all;
  }
}
