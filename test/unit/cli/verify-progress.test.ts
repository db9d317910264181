import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { verifyProgress } from '../../../coordinator/cli/verify/progress.js';
import { recordedTrial } from '../../support/recorded.js';

const epochs = (count: number) => Array.from({ length: count }, (_, i) => ({ epoch: i + 1, metrics: {} }));
const trials = [recordedTrial(3, { epochs: epochs(4) }), recordedTrial(8, { epochs: epochs(12) })];

class Stream {
  isTTY = false;
  columns = 64;
  rows = 10;
  text = '';
  write = (text: string): void => void (this.text += text);
  on = (): void => undefined;
  off = (): void => undefined;
}

let stream: Stream;
beforeEach(() => {
  stream = new Stream();
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => void vi.useRealTimers());

it('is a line a trial where nobody watches, with the time that the recorded epochs leave', () => {
  const progress = verifyProgress(stream, {}, trials);
  vi.advanceTimersByTime(20_000);
  progress.trained(0, 3, 4);
  progress.trained(1, 1, 12);
  expect(stream.text).toBe('');
  progress.ended(0, 'the same');
  // Five epochs of sixteen in 20 s: the other eleven take 44 s.
  expect(stream.text).toBe('trial 3: the same (1 of 2 trials, about 45 s left)\n');
  progress.note('waiting');
  progress.ended(1, '2 of 40 values differ');
  progress.end();
  expect(stream.text.split('\n').slice(1)).toEqual(['waiting', 'trial 8: 2 of 40 values differ (2 of 2 trials)', '']);
});

it('is rewritten on a terminal: how far all are, a line for each that runs, what has ended above it', () => {
  stream.isTTY = true;
  const progress = verifyProgress(stream, { TERM: 'xterm' }, trials);
  vi.advanceTimersByTime(20_000);
  progress.trained(1, 4, 12);
  // oxlint-disable-next-line no-control-regex -- escape sequences
  const shown = (): string[] => stream.text.replaceAll(/\u001b\[\d*[AKJ]|\r/g, '').split('\n');
  expect(shown().slice(-3)).toEqual([
    '[######..................]  0 of 2 trials, about 60 s left',
    '  trial 8  epoch 4/12',
    '',
  ]);
  stream.text = '';
  progress.ended(1, 'the same');
  expect(shown()).toContain('trial 8: the same');
  expect(shown().at(-2)).toBe('[##################......]  1 of 2 trials, about 10 s left');
  stream.text = '';
  progress.end();
  expect(stream.text.endsWith('\u001b[1A\r\u001b[J')).toBe(true);
});
