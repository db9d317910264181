import { clip, counted } from '../../report/format.js';
import type { RecordedTrial } from '../../report/recorded-search.js';
import { bar, roughDuration } from '../progress/format.js';
import { LiveArea, type Terminal } from '../progress/live-area.js';

/** Trials that are trained again, each by its place in the list of all. */
export interface VerifyProgress {
  /** The trial has finished so many epochs. */
  trained(trial: number, epoch: number, epochs: number): void;
  /** The trial has ended; `how` in a few words. */
  ended(trial: number, how: string): void;
  /** A line that stays. */
  note(line: string): void;
  /** Nothing is shown after it. */
  end(): void;
}

const BAR_COLUMNS = 26;
const MAX_RUNNING_LINES = 8;
const MIN_REDRAW_MS = 200;
/** Before that an estimate says nothing. */
const MIN_WATCHED_MS = 1000;

/** Lines that are rewritten on a terminal; a line a trial anywhere else. */
export function verifyProgress(
  stream: Terminal & { isTTY?: boolean },
  env: NodeJS.ProcessEnv,
  trials: readonly RecordedTrial[],
): VerifyProgress {
  const standing = new Standing(trials);
  const rewrites = stream.isTTY === true && env['TERM'] !== 'dumb';
  return rewrites ? new LiveProgress(stream, standing) : new PlainProgress(stream, standing);
}

/** How far the trials are. How long each is, its record says. */
class Standing {
  readonly running = new Map<number, { epoch: number; epochs: number }>();
  ended = 0;
  private readonly startedMs = performance.now();
  private readonly epochsTotal: number;
  private epochsEnded = 0;

  constructor(readonly trials: readonly RecordedTrial[]) {
    this.epochsTotal = trials.reduce((sum, { epochs }) => sum + epochs.length, 0);
  }

  trained(trial: number, epoch: number, epochs: number): void {
    this.running.set(trial, { epoch, epochs });
  }

  end(trial: number): void {
    this.running.delete(trial);
    this.ended++;
    this.epochsEnded += this.trials[trial]?.epochs.length ?? 0;
  }

  get share(): number {
    return Math.min(1, this.epochsDone / Math.max(1, this.epochsTotal));
  }

  /** `3 of 12 trials, about 35 s left` */
  get text(): string {
    const trials = `${this.ended} of ${counted(this.trials.length, 'trial')}`;
    const watchedMs = performance.now() - this.startedMs;
    const left = this.epochsTotal - this.epochsDone;
    if (watchedMs < MIN_WATCHED_MS || this.epochsDone === 0 || left <= 0) return trials;
    return `${trials}, ${roughDuration((watchedMs / this.epochsDone) * left)} left`;
  }

  numberOf(trial: number): number {
    return this.trials[trial]?.number ?? 0;
  }

  private get epochsDone(): number {
    return [...this.running.values()].reduce((sum, { epoch }) => sum + epoch, this.epochsEnded);
  }
}

class PlainProgress implements VerifyProgress {
  constructor(
    private readonly stream: Terminal,
    private readonly standing: Standing,
  ) {}

  trained(trial: number, epoch: number, epochs: number): void {
    this.standing.trained(trial, epoch, epochs);
  }

  ended(trial: number, how: string): void {
    this.standing.end(trial);
    this.note(`trial ${this.standing.numberOf(trial)}: ${how} (${this.standing.text})`);
  }

  note(line: string): void {
    this.stream.write(`${line}\n`);
  }

  end(): void {
    // Its lines stay.
  }
}

class LiveProgress implements VerifyProgress {
  private readonly area: LiveArea;
  private drawnMs = -Infinity;

  constructor(
    stream: Terminal,
    private readonly standing: Standing,
  ) {
    this.area = new LiveArea(stream);
    this.draw();
  }

  trained(trial: number, epoch: number, epochs: number): void {
    this.standing.trained(trial, epoch, epochs);
    this.drawSoon();
  }

  ended(trial: number, how: string): void {
    this.standing.end(trial);
    this.note(`trial ${this.standing.numberOf(trial)}: ${how}`);
    this.drawSoon();
  }

  note(line: string): void {
    this.area.insert([clip(line, this.area.columns)]);
  }

  end(): void {
    this.area.clear();
  }

  private drawSoon(): void {
    if (performance.now() - this.drawnMs >= MIN_REDRAW_MS) this.draw();
  }

  private draw(): void {
    this.drawnMs = performance.now();
    const { standing, area } = this;
    const room = Math.max(0, Math.min(MAX_RUNNING_LINES, area.rows - 2));
    const running = [...standing.running]
      .sort(([a], [b]) => a - b)
      .slice(0, room)
      .map(([trial, { epoch, epochs }]) => `  trial ${standing.numberOf(trial)}  epoch ${epoch}/${epochs}`);
    const lines = [`${bar(standing.share, BAR_COLUMNS)}  ${standing.text}`, ...running];
    area.show(lines.map((line) => clip(line, area.columns)));
  }
}
