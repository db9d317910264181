import type { SearchSpec } from '../../../proto/domain.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import { SearchWork } from './search-work.js';
import { progressState, type ProgressState, type RoundProgress } from './state.js';

interface Member {
  spec: SearchSpec;
  state: ProgressState;
}

/**
 * Searches that run one after the other, shown as one: rounds of all, and of the one at work whatever else there is to see. A
 * single search is shown as it is.
 */
export class SearchSequence {
  /** Of all of them, in order. */
  readonly work: SearchWork;
  private readonly members: Member[];
  private current = 0;

  /** @param title what several are called together */
  constructor(
    searches: readonly { spec: SearchSpec; detail: SearchDetail__Output }[],
    private readonly title = '',
  ) {
    this.members = searches.map(({ spec, detail }) => ({ spec, state: stateOf(detail, spec) }));
    this.work = SearchWork.ofAll(searches.map(({ spec }) => spec));
  }

  /** What is known of a search now; it is the one at work. */
  update(state: ProgressState): ProgressState {
    this.current = this.members.findIndex((member) => member.state.search.id === state.search.id);
    const member = this.members[this.current];
    if (member === undefined) throw new TypeError(`search ${state.search.id} is none of these`);
    member.state = state;
    return this.whole;
  }

  /** As `update`, when no event tells it. */
  observe(detail: SearchDetail__Output): ProgressState {
    const member = this.members.find(({ state }) => state.search.id === detail.search?.id);
    if (member === undefined) throw new TypeError(`search ${detail.search?.id} is none of these`);
    return this.update(stateOf(detail, member.spec));
  }

  /** All as one. It runs until the last has ended. */
  get whole(): ProgressState {
    const at = this.members[this.current]?.state;
    if (at === undefined) throw new TypeError('there is no search');
    if (this.members.length === 1) return at;
    const running = this.members.find(({ state }) => state.search.state === 'running');
    return {
      ...at,
      search: { ...at.search, name: this.title, state: running?.state.search.state ?? at.search.state },
      rounds: this.members.flatMap(({ state }, index) =>
        state.rounds.map((round) => roundOfSeveral(round, state, index > this.current)),
      ),
    };
  }
}

/** The only round of a search bears its name. What is not at work waits, though its first round is open in the store. */
function roundOfSeveral(round: RoundProgress, { search, rounds }: ProgressState, isLater: boolean): RoundProgress {
  const name = rounds.length === 1 ? search.name : round.name;
  return { ...round, name, state: isLater && round.state === 'open' ? 'waiting' : round.state };
}

function stateOf({ search, rounds, best }: SearchDetail__Output, spec: SearchSpec): ProgressState {
  return progressState({ search, rounds, running: [], best, workers: 0, threads: 0 }, spec);
}
