import { clip, counted } from '../../report/format.js';
import type { RecordedTrial } from '../../report/verify/recorded-search.js';
import { bar, roughDuration } from '../progress/format.js';
import { LiveArea, type Terminal } from '../progress/live-area.js';

type Unit = 'epoch' | 'part';

/** Trials that are trained again, each by its place in the list of all. */
export interface VerifyProgress {
  /** The trial has finished so many epochs, or parts where it is divided. */
  trained(trial: number, epoch: number, epochs: number, unit?: Unit): void;
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
  readonly running = new Map<number, { epoch: number; epochs: number; unit: Unit }>();
  ended = 0;
  private readonly startedMs = performance.now();
  private readonly epochsTotal: number;
  private epochsEnded = 0;

  constructor(readonly trials: readonly RecordedTrial[]) {
    this.epochsTotal = trials.reduce((sum, trial) => sum + lengthOf(trial), 0);
  }

  trained(trial: number, epoch: number, epochs: number, unit: Unit): void {
    this.running.set(trial, { epoch, epochs, unit });
  }

  end(trial: number): void {
    this.running.delete(trial);
    this.ended++;
    this.epochsEnded += lengthOf(this.trials[trial]);
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
    return [...this.running].reduce((sum, [trial, { epoch, epochs, unit }]) => {
      return sum + (unit === 'epoch' ? epoch : (epoch / epochs) * lengthOf(this.trials[trial]));
    }, this.epochsEnded);
  }
}

/** In epochs; a trial that has none, because it is divided, is as long as any other of its kind. */
function lengthOf(trial: RecordedTrial | undefined): number {
  return Math.max(1, trial?.epochs.length ?? 0);
}

class PlainProgress implements VerifyProgress {
  constructor(
    private readonly stream: Terminal,
    private readonly standing: Standing,
  ) {}

  trained(trial: number, epoch: number, epochs: number, unit: Unit = 'epoch'): void {
    this.standing.trained(trial, epoch, epochs, unit);
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

  trained(trial: number, epoch: number, epochs: number, unit: Unit = 'epoch'): void {
    this.standing.trained(trial, epoch, epochs, unit);
    this.drawSoon();
  }

  ended(trial: number, how: string): void {
    this.standing.end(trial);
    this.note(`trial ${this.standing.numberOf(trial)}: ${how}`);
    this.draw();
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
      .map(([trial, { epoch, epochs, unit }]) => `  trial ${standing.numberOf(trial)}  ${unit} ${epoch}/${epochs}`);
    const lines = [`${bar(standing.share, BAR_COLUMNS)}  ${standing.text}`, ...running];
    area.show(lines.map((line) => clip(line, area.columns)));
  }
}
