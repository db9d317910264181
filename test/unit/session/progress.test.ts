import { describe, expect, it } from 'vitest';
import type { TrialProgress } from '../../../proto/generated/vernier/v1/TrialProgress.js';
import type { Clock } from '../../../worker/session/clock.js';
import { ProgressBatcher } from '../../../worker/session/progress.js';

class ManualClock implements Clock {
  private now = 0;
  private timers: { atMs: number; callback: () => void }[] = [];
  nowMs(): number {
    return this.now;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.now + ms, callback };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((other) => other !== timer));
  }
  advance(ms: number): void {
    this.now += ms;
    const due = this.timers.filter(({ atMs }) => atMs <= this.now);
    this.timers = this.timers.filter(({ atMs }) => atMs > this.now);
    for (const { callback } of due) callback();
  }
  get pending(): number {
    return this.timers.length;
  }
}

const epoch = (number: number) => ({ epoch: number, metrics: {} });

describe('ProgressBatcher', () => {
  it('sends the first epoch at once, and gathers what follows within 250 ms', () => {
    const clock = new ManualClock();
    const sent: TrialProgress[][] = [];
    const batcher = new ProgressBatcher(clock, (trials) => sent.push(trials));
    batcher.add('a', epoch(1), 9);
    expect(sent).toHaveLength(1);
    for (let number = 2; number <= 5; number++) batcher.add('a', epoch(number), 9);
    batcher.add('b', epoch(1), 3);
    clock.advance(249);
    expect(sent).toHaveLength(1);
    clock.advance(1);
    expect(sent[1]?.map(({ token, epochsTotal, epochs }) => [token, epochsTotal, epochs?.map((e) => e.epoch)])).toEqual(
      [
        ['a', 9, [2, 3, 4, 5]],
        ['b', 3, [1]],
      ],
    );
  });

  it('tells the last count of a divided trial, and no epoch', () => {
    const clock = new ManualClock();
    const sent: TrialProgress[][] = [];
    const batcher = new ProgressBatcher(clock, (trials) => sent.push(trials));
    for (let part = 1; part <= 3; part++) batcher.addParts('a', part, 64);
    clock.advance(250);
    expect(sent).toEqual([
      [{ token: 'a', partsDone: 1, partsTotal: 64 }],
      [{ token: 'a', partsDone: 3, partsTotal: 64 }],
    ]);
  });

  it('is quiet while there is nothing to tell', () => {
    const clock = new ManualClock();
    const sent: TrialProgress[][] = [];
    const batcher = new ProgressBatcher(clock, (trials) => sent.push(trials));
    batcher.add('a', epoch(1), 9);
    clock.advance(250);
    expect([sent.length, clock.pending]).toEqual([1, 0]);
    batcher.add('a', epoch(2), 9);
    expect(sent).toHaveLength(2);
  });

  it('drops what an ended trial had not told', () => {
    const clock = new ManualClock();
    const sent: TrialProgress[][] = [];
    const batcher = new ProgressBatcher(clock, (trials) => sent.push(trials));
    batcher.add('a', epoch(1), 9);
    batcher.add('a', epoch(2), 9);
    batcher.drop('a');
    clock.advance(1000);
    expect(sent).toHaveLength(1);
    batcher.add('b', epoch(1), 9);
    batcher.stop();
    expect(clock.pending).toBe(0);
  });
});
