import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';

/** How an attempt ended whose worker was not heard of again (AttemptDetail.end). */
const LOST = 'worker lost';

/** How long trials of the search ran, pauses between its runs left out. */
export function busyMs({ rounds }: Pick<SearchDetail__Output, 'rounds'>): number {
  const spans = rounds
    .flatMap(({ trials }) => trials.flatMap(({ attempts }) => attempts))
    // When a lost worker's attempt ended, nobody knows: it was missed later, after a crash much later.
    .filter(({ endedMs, end }) => endedMs > 0 && end !== LOST)
    .sort((a, b) => a.startedMs - b.startedMs);
  let busy = 0;
  let untilMs = 0;
  for (const { startedMs, endedMs } of spans) {
    busy += Math.max(0, endedMs - Math.max(startedMs, untilMs));
    untilMs = Math.max(untilMs, endedMs);
  }
  return busy;
}
