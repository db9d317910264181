import type { Parameters } from '../../proto/domain.js';
import type { RoundSpace } from './space.js';

export interface MethodInput {
  /** The search's seed. */
  seed: number;
  /** Index of the round, from 0. */
  round: number;
  /** New configurations wanted; there may be fewer where the space has no more. */
  trials: number;
  space: RoundSpace;
  /** Takes a configuration for the round; false when the round has the same one already, drawn or carried. */
  claim: (parameters: Parameters) => boolean;
}

/** Gives the new configurations of a round, all of them claimed, in trial order: a pure function of its input. */
export type Method = (input: MethodInput) => Parameters[];
