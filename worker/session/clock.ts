/** Time as the session sees it; monotonic, so that setting the wall clock ends no lease. */
export interface Clock {
  nowMs(): number;
  /** Calls back once after `ms`; returns what takes that back. */
  after(ms: number, callback: () => void): () => void;
}

/** Node.js takes a longer time, of some 25 days, for none at all. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
