import type { SearchState } from '../../proto/domain.js';
import type { SearchSummary__Output } from '../../proto/generated/vernier/v1/SearchSummary.js';
import { searchStateFromWire } from '../../proto/wire.js';

/** A search in lists and answers of `--json`; its first keys are those of a result's `search`. */
export interface SummaryJson {
  id: string;
  name: string;
  seed: number;
  specSha256: string;
  state: SearchState;
  /** Why it ended as it did, or empty. */
  message: string;
  /** Unix milliseconds. */
  createdMs: number;
  /** Null while it runs. */
  endedMs: number | null;
  trialsDone: number;
  trialsTotal: number;
}

export function summaryJson(summary: SearchSummary__Output): SummaryJson {
  const { id, name, seed, specSha256, state, message, createdMs, endedMs, trialsDone, trialsTotal } = summary;
  return {
    id,
    name,
    seed,
    specSha256,
    state: searchStateFromWire(state),
    message,
    createdMs,
    endedMs: endedMs === 0 ? null : endedMs,
    trialsDone,
    trialsTotal,
  };
}
