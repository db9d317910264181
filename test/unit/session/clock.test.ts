import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../../worker/session/clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([1e12, Infinity])('a time of %s ms is long, not over at once', (ms) => {
  const callback = vi.fn<() => void>();
  const cancel = systemClock.after(ms, callback);
  vi.advanceTimersByTime(1e9);
  expect(callback).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});
