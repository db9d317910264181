import { LiveArea, type Terminal } from './live-area.js';
import { progressLines } from './lines.js';
import { paintFor } from './paint.js';
import { NOTHING_TOLD, plainLines, toldBefore, type Told } from './plain.js';
import type { SearchWork } from './search-work.js';
import type { ProgressState } from './state.js';
import { TimeLeft } from './time-left.js';

/** Shows a search's progress. */
export interface ProgressDisplay {
  update(state: ProgressState): void;
  /** A line that stays. */
  note(line: string): void;
  /** Takes the display away; nothing is shown after it. */
  end(): void;
}

/** Often enough for the eye, seldom enough to be calm. */
const MIN_REDRAW_MS = 200;
/** Workers that have only just been started are not missed yet. */
const WORKERS_MISSED_MS = 3000;
/** The clock goes on though nothing happens. */
const TICK_MS = 1000;

/**
 * A display that rewrites its lines on a terminal, and writes plain lines anywhere else.
 *
 * @param before how the search stood when its user last heard of it: rounds that had ended then are not told again
 */
export function progressDisplay(
  stream: Terminal & { isTTY?: boolean },
  env: NodeJS.ProcessEnv,
  work: SearchWork,
  before?: ProgressState,
): ProgressDisplay {
  const told = before === undefined ? NOTHING_TOLD : toldBefore(before);
  const timeLeft = new TimeLeft(work);
  const rewrites = stream.isTTY === true && env['TERM'] !== 'dumb';
  return rewrites ? new LiveDisplay(stream, env, timeLeft) : new PlainDisplay(stream, work, timeLeft, told);
}

class PlainDisplay implements ProgressDisplay {
  private waiting: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Terminal,
    private readonly work: SearchWork,
    private readonly timeLeft: TimeLeft,
    private told: Told,
  ) {}

  update(state: ProgressState): void {
    this.timeLeft.observe(state, performance.now());
    const standing = { doneShare: this.work.doneShare(state), leftMs: this.timeLeft.leftMs(state) };
    const { lines, told } = plainLines(state, this.told, standing);
    this.told = told;
    for (const line of lines) this.note(line);
    if (state.workers === 0 && state.search.state === 'running') {
      this.waiting ??= setTimeout(() => this.note('waiting for workers'), WORKERS_MISSED_MS);
    } else {
      this.end();
    }
  }

  note(line: string): void {
    this.stream.write(`${line}\n`);
  }

  /** Its lines stay. */
  end(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
  }
}

class LiveDisplay implements ProgressDisplay {
  private readonly area: LiveArea;
  private readonly startedMs = performance.now();
  private state: ProgressState | undefined;
  private drawnMs = -Infinity;
  private pending: NodeJS.Timeout | undefined;
  private readonly onResize = (): void => this.draw();

  constructor(
    private readonly stream: Terminal & { isTTY?: boolean },
    private readonly env: NodeJS.ProcessEnv,
    private readonly timeLeft: TimeLeft,
  ) {
    this.area = new LiveArea(stream);
    stream.on('resize', this.onResize);
  }

  update(state: ProgressState): void {
    this.state = state;
    this.timeLeft.observe(state, performance.now());
    this.drawIn(this.drawnMs + MIN_REDRAW_MS - performance.now());
  }

  note(line: string): void {
    this.area.insert([line]);
  }

  end(): void {
    clearTimeout(this.pending);
    this.stream.off('resize', this.onResize);
    this.area.clear();
  }

  private drawIn(delayMs: number): void {
    clearTimeout(this.pending);
    if (delayMs <= 0) this.draw();
    else this.pending = setTimeout(() => this.draw(), delayMs);
  }

  private draw(): void {
    const { area, state } = this;
    if (state === undefined) return;
    this.drawnMs = performance.now();
    const frame = {
      columns: area.columns,
      rows: area.rows,
      paint: paintFor(this.stream, this.env),
      elapsedMs: this.drawnMs - this.startedMs,
      leftMs: this.timeLeft.leftMs(state),
    };
    area.show(progressLines(state, frame));
    this.drawIn(TICK_MS);
  }
}
