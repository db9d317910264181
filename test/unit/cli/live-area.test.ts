import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { progressDisplay } from '../../../coordinator/cli/progress/display.js';
import { LiveArea } from '../../../coordinator/cli/progress/live-area.js';
import { SearchWork } from '../../../coordinator/cli/progress/search-work.js';
import type { SearchSpec } from '../../../proto/domain.js';
import { middleOfSearch } from '../../support/progress-state.js';

/** A screen that understands what the display writes: cursor up, carriage return, clearing, and line ends. */
class Screen extends EventEmitter {
  columns = 40;
  rows = 10;
  isTTY = true;
  writes = 0;
  lines: string[] = [''];
  private row = 0;

  write(text: string): void {
    this.writes++;
    // oxlint-disable-next-line no-control-regex -- escape sequences
    for (const [part] of text.matchAll(/\u001b\[(\d*)([AKJm])|\r|\n|[^\u001b\r\n]+/g)) this.part(part);
  }

  get text(): string {
    return this.lines.join('\n').trimEnd();
  }

  private part(part: string): void {
    if (part === '\r') return;
    if (part === '\n') {
      this.row++;
      this.lines[this.row] ??= '';
    } else if (part.endsWith('A') && part.startsWith('\u001b')) {
      this.row = Math.max(0, this.row - Number(part.slice(2, -1)));
    } else if (part === '\u001b[J') {
      this.lines = [...this.lines.slice(0, this.row), ''];
    } else if (!part.startsWith('\u001b')) {
      this.lines[this.row] = part;
    }
  }
}

describe('the live area', () => {
  it('writes over what it showed, in one write', () => {
    const screen = new Screen();
    const area = new LiveArea(screen);
    area.show(['one', 'two', 'three']);
    area.show(['eins', 'zwei']);
    expect(screen.text).toBe('eins\nzwei');
    expect(screen.writes).toBe(2);
  });

  it('keeps inserted lines above it', () => {
    const screen = new Screen();
    const area = new LiveArea(screen);
    area.show(['progress']);
    area.insert(['something happened']);
    area.show(['more progress']);
    expect(screen.text).toBe('something happened\nmore progress');
    area.clear();
    expect(screen.text).toBe('something happened');
  });

  it('goes up the rows that its lines take in a terminal that became narrower', () => {
    const screen = new Screen();
    const area = new LiveArea(screen);
    const written: string[] = [];
    screen.write = (text: string) => void written.push(text);
    area.show(['x'.repeat(35), 'short']);
    screen.columns = 20;
    area.show([]);
    expect(written.at(-1)).toMatch(/^\u001b\[3A/); // oxlint-disable-line no-control-regex -- escape sequence
  });
});

const spec = {
  metric: { name: 'val_accuracy', goal: 'maximize' },
  rounds: [],
  trainingSeeds: [1],
} as unknown as SearchSpec;
const work = SearchWork.of(spec);

describe('the progress display', () => {
  it('rewrites its lines on a terminal, and leaves nothing behind but notes', () => {
    const screen = new Screen();
    const display = progressDisplay(screen, { NO_COLOR: '1' }, work);
    display.update(middleOfSearch());
    expect(screen.text).toContain('cifar10-lambda');
    screen.columns = 30;
    screen.emit('resize');
    display.note('worker 1 was killed');
    display.end();
    expect(screen.text).toBe('worker 1 was killed');
    expect(screen.listenerCount('resize')).toBe(0);
  });

  it('writes lines and no escape sequence elsewhere', () => {
    const screen = new Screen();
    screen.isTTY = false;
    let text = '';
    screen.write = (part: string) => void (text += part);
    const display = progressDisplay(screen, {}, work);
    display.update(middleOfSearch());
    display.end();
    expect(text).toContain('fine: 6/11');
    expect(text).not.toContain('\u001b');
  });

  it('says once that there are no workers, when they do not come', () => {
    vi.useFakeTimers();
    try {
      const screen = new Screen();
      screen.isTTY = false;
      const written: string[] = [];
      screen.write = (part: string) => void written.push(part);
      const display = progressDisplay(screen, {}, work);
      const without = middleOfSearch({ workers: 0 });
      display.update(without);
      display.update(middleOfSearch());
      vi.advanceTimersByTime(60_000);
      expect(written).not.toContain('waiting for workers\n');
      display.update(without);
      vi.advanceTimersByTime(60_000);
      display.update(without);
      vi.advanceTimersByTime(60_000);
      expect(written.filter((line) => line === 'waiting for workers\n')).toHaveLength(1);
      display.end();
    } finally {
      vi.useRealTimers();
    }
  });

  it('uses colours unless NO_COLOR forbids it', () => {
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: '' }, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      const screen = new Screen();
      let text = '';
      screen.write = (part: string) => void (text += part);
      const display = progressDisplay(screen, env, work);
      display.update(middleOfSearch());
      display.end();
      expect(text.includes('\u001b[1m')).toBe(coloured);
    }
  });
});
