import { describe, expect, it } from 'vitest';
import { busyMs } from '../../../coordinator/report/busy.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';

function busy(...spans: [startedMs: number, endedMs: number, end?: string][]): number {
  const trials = spans.map(([startedMs, endedMs, end = 'completed']) => ({ attempts: [{ startedMs, endedMs, end }] }));
  return busyMs({ rounds: [{ trials }] } as unknown as SearchDetail__Output);
}

describe('how long a search took', () => {
  it('is the time in which trials ran, however many at once', () => {
    expect(busy([100, 200], [150, 250], [120, 130])).toBe(150);
  });

  it('leaves out the time between an interruption and the next run', () => {
    expect(busy([1000, 1100], [90_000, 90_050])).toBe(150);
  });

  it('leaves out attempts that were cut off by a crash: they end for the store when it is opened again', () => {
    expect(busy([1000, 90_000, 'worker lost'], [90_000, 90_050])).toBe(50);
  });

  it('counts an attempt only when it has ended', () => {
    expect(busy([100, 200], [200, 0])).toBe(100);
    expect(busy()).toBe(0);
  });
});
