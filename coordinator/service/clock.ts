/** Time as the coordinator sees it. */
export interface Clock {
  /** Monotonic: leases are measured by it, so that setting the wall clock ends none. */
  nowMs(): number;
  /** Unix time, for what people read. */
  unixMs(): number;
  /** Calls back once after `ms`; returns what takes that back. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
