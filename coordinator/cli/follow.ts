import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchSpec } from '../../proto/domain.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { isOutage, type CoordinatorApi } from './api.js';
import type { ProgressDisplay } from './progress/display.js';
import { progressState, type ProgressState } from './progress/state.js';

const RETRY_MS = 500;

export interface Following {
  api: CoordinatorApi;
  id: string;
  spec: SearchSpec;
  display: ProgressDisplay;
  /** How long a lost coordinator is looked for again. */
  reconnectMs: number;
  /** Ends the following, not the search. */
  signal: AbortSignal;
  onState?: (state: ProgressState) => void;
}

/**
 * Shows a search's progress until it has ended. A coordinator that is lost is looked for again.
 *
 * @returns whether the search has ended; false when `signal` was aborted before
 * @throws VernierError COORDINATOR_UNREACHABLE, COORDINATOR_STOPPING after `reconnectMs` without it
 */
export async function followSearch({
  api,
  id,
  spec,
  display,
  reconnectMs,
  signal,
  onState,
}: Following): Promise<boolean> {
  let ended = false;
  let lostSinceMs: number | undefined;
  while (!signal.aborted) {
    try {
      const onEvent: Parameters<CoordinatorApi['watch']>[1] = (event) => {
        lostSinceMs = undefined;
        const state = progressState(event, spec);
        ended = state.search.state !== 'running';
        display.update(state);
        onState?.(state);
      };
      await api.watch(id, onEvent, signal);
    } catch (error) {
      if (!isOutage(error)) throw error;
      const first = lostSinceMs === undefined;
      lostSinceMs ??= performance.now();
      if (performance.now() - lostSinceMs >= reconnectMs) throw error;
      if (first) display.note(`${error.message}; trying again`);
    }
    if (ended) return true;
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** The resolved specification out of the coordinator's answer. */
export function specOf({ specJson }: SearchDetail__Output): SearchSpec {
  return JSON.parse(specJson) as SearchSpec;
}
