import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressLines } from '../../../coordinator/cli/progress/lines.js';
import type { RunningProgress } from '../../../coordinator/cli/progress/state.js';
import { COLOURS } from '../../../coordinator/cli/progress/paint.js';
import { displayWidth } from '../../../coordinator/report/format.js';
import { frame, middleOfSearch, round } from '../../support/progress-state.js';

describe('the progress display', () => {
  it('at 80 columns', () => {
    expect(progressLines(middleOfSearch(), frame()).join('\n')).toMatchInlineSnapshot(`
      "cifar10-lambda  seed 42                                      1 worker, 2 threads
      coarse  [########################]  8/8
      fine    [##############..........]  6/11
      final   [........................]  0/1
              trial 15  epoch 3/8  lambda=7.345e-4
              trial 16  starting  attempt 2  lambda=0.001235
      best    val_accuracy 52.13 %  trial 12 of fine  lambda=0.001783
      time    2 min 14 s, about 3 min left"
    `);
  });

  it('at 40 columns', () => {
    expect(progressLines(middleOfSearch(), frame({ columns: 40 })).join('\n')).toMatchInlineSnapshot(`
      "cifar10-lambda  seed 42
      coarse  [########################]  8/8
      fine    [##############..........]  6/11
      final   [........................]  0/1
              trial 15  epoch 3/8  lambda=7.3…
              trial 16  starting  attempt 2  …
      best    val_accuracy 52.13 %  trial 12 …
      time    2 min 14 s, about 3 min left"
    `);
  });

  it('at the start, when nothing is known yet', () => {
    const state = middleOfSearch({ running: [], workers: 0, threads: 0, rounds: [round('only', 'open', 0, 3)] });
    delete state.best;
    const lines = progressLines(state, frame({ elapsedMs: 400, leftMs: undefined }));
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "cifar10-lambda  seed 42                                      waiting for workers
      only  [........................]  0/3
      time  0 s"
    `);
  });

  it('names the best trial’s round where a line is named so, and where there are several', () => {
    const best = (rounds: string[]): string | undefined => {
      const state = middleOfSearch({ rounds: rounds.map((name) => round(name, 'open', 0, 3)) });
      return progressLines(state, frame()).find((line) => line.startsWith('best'));
    };
    expect(best(['coarse', 'fine'])).toContain('trial 12 of fine  lambda');
    expect(best(['fine'])).toContain('trial 12  lambda');
    // Of a search without rounds, among others: its line has the search's name.
    expect(best(['gradient-check', 'cyclical-1'])).toContain('trial 12  lambda');
  });

  it('shows trials side by side in one line, by the longest of them', () => {
    const of = (trial: number, beside: number, epoch: number, epochs: number) => {
      return { trial, attempt: 1, beside, parameters: { lambda: trial / 1000 }, epoch, epochs };
    };
    const running = [of(1, 1, 3, 4), of(2, 1, 3, 8), of(3, 1, 0, 0), of(5, 1, 3, 4), of(6, 6, 1, 8), of(7, 0, 2, 8)];
    const lines = progressLines(middleOfSearch({ running, threads: 3 }), frame());
    expect(lines.filter((line) => /^ *trial/.test(line)).join('\n')).toMatchInlineSnapshot(`
      "        trials 1-3, 5  epoch 3/8  lambda=0.001, 0.002, 0.003, 0.005
              trial 6  epoch 1/8  lambda=0.006
              trial 7  epoch 2/8  lambda=0.007"
    `);
    const narrow = progressLines(middleOfSearch({ running, threads: 2 }), frame());
    expect(narrow.some((line) => line.trim() === 'and 2 more')).toBe(true);
  });

  it('counts the parts of divided trials', () => {
    const running: RunningProgress[] = [
      { trial: 1, attempt: 1, beside: 1, parameters: {}, epoch: 12, epochs: 64, inParts: true },
      { trial: 2, attempt: 2, beside: 2, parameters: { lambda: 0.1 }, epoch: 0, epochs: 0 },
    ];
    const lines = progressLines(middleOfSearch({ running, threads: 2 }), frame());
    expect(lines.filter((line) => /^ *trial/.test(line)).join('\n')).toMatchInlineSnapshot(`
      "        trial 1  part 12/64
              trial 2  waiting  attempt 2  lambda=0.1"
    `);
  });

  it('counts the running trials that have no room', () => {
    const running = Array.from({ length: 50 }, (_, i) => ({
      trial: i + 1,
      attempt: 1,
      beside: 0,
      parameters: {},
      epoch: 1,
      epochs: 2,
    }));
    const lines = progressLines(middleOfSearch({ running, threads: 50 }), frame());
    expect(lines.filter((line) => /^ *trial/.test(line))).toHaveLength(7);
    expect(lines.some((line) => line.trim() === 'and 43 more')).toBe(true);
  });

  it('keeps its height while trials come and go', () => {
    const { running } = middleOfSearch();
    const [first, second] = running as [(typeof running)[0], (typeof running)[0]];
    const uploading = { ...first, epoch: 8, epochs: 8 };
    const heights = [[], [first], [first, second], [uploading, first, second]].map(
      (trials) => progressLines(middleOfSearch({ running: trials }), frame()).length,
    );
    expect(heights).toEqual([8, 8, 8, 8]);
  });

  it('shows the rounds around the open one where there are many', () => {
    const rounds = Array.from({ length: 40 }, (_, i) =>
      round(`r${i}`, i < 20 ? 'closed' : i === 20 ? 'open' : 'waiting', i < 20 ? 1 : 0, 1),
    );
    const lines = progressLines(middleOfSearch({ rounds }), frame());
    expect(lines.some((line) => line.startsWith('r20 '))).toBe(true);
    expect(lines.length).toBeLessThan(24);
  });

  it('tells what the search waits for', () => {
    const state = middleOfSearch();
    state.search.message = 'waiting: no connected worker has data set cifar10';
    expect(progressLines(state, frame())).toContain('waiting: no connected worker has data set cifar10');
  });

  it('tells of trials that ended without a result', () => {
    const rounds = [{ ...round('coarse', 'open', 3, 8), trialsLost: 2 }];
    expect(progressLines(middleOfSearch({ rounds }), frame())[1]).toContain('3/8  2 without result');
  });

  it('never exceeds the terminal, whatever names, values and sizes there are', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    const trial = fc.record({
      trial: fc.nat(),
      attempt: fc.integer({ min: 1, max: 20 }),
      beside: fc.nat(3),
      parameters: fc.dictionary(text, fc.oneof(fc.double(), text, fc.boolean(), fc.constant(null))),
      epoch: fc.nat(),
      epochs: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 8, max: 60 }),
        fc.array(fc.tuple(text, fc.nat(500)), { minLength: 1, maxLength: 60 }),
        fc.array(trial, { maxLength: 80 }),
        text,
        (columns, rows, rounds, running, name) => {
          const state = middleOfSearch({
            rounds: rounds.map(([label, done]) => round(label, 'open', done, done + 3)),
            running,
          });
          state.search.name = name;
          state.search.message = name;
          const lines = progressLines(state, frame({ columns, rows }));
          expect(lines.length).toBeLessThan(rows);
          for (const line of lines) {
            expect(displayWidth(line)).toBeLessThanOrEqual(columns);
            // oxlint-disable-next-line no-control-regex -- what must not be there
            expect(line).not.toMatch(/[\u0000-\u001f]/);
          }
        },
      ),
    );
  });

  it('differs with colours in nothing but their escape sequences', () => {
    const plain = progressLines(middleOfSearch(), frame());
    const coloured = progressLines(middleOfSearch(), frame({ paint: COLOURS }));
    expect(coloured).not.toEqual(plain);
    // oxlint-disable-next-line no-control-regex -- escape sequences
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(plain);
  });
});
