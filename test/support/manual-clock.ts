import type { Clock } from '../../coordinator/service/clock.js';

/** Time that passes when a test says so. Timers run in their order, each at its own instant. */
export class ManualClock implements Clock {
  private now = 1_000_000;
  /** Wall-clock time; a test may set it back and forth. */
  wallMs = 1_700_000_000_000;
  private timers: { atMs: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  unixMs(): number {
    return this.wallMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.now + ms, callback };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((other) => other !== due);
      this.now = Math.max(this.now, due.atMs);
      due.callback();
    }
    this.now = end;
  }

  /** Time passes, but nothing runs in it: a suspended machine. */
  standStill(ms: number): void {
    this.now += ms;
  }
}
