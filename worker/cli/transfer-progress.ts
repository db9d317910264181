import cliProgress from 'cli-progress';
import { formatBytes } from './output.js';

/** Shows how far a download is, and lines that stay. */
export interface TransferProgress {
  update(file: string, received: number, total: number | undefined): void;
  note(line: string): void;
  /** Must be called at the end, also after an error. */
  end(): void;
}

/** What commands write their progress to: stderr. */
export type ProgressStream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number };

/** A bar that moves on a terminal; lines anywhere else. */
export function transferProgress(stream: ProgressStream, env: NodeJS.ProcessEnv): TransferProgress {
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? new BarProgress(stream) : new LineProgress(stream);
}

/** Redraws a second: enough for the eye, few enough to be calm. */
const REDRAWS_PER_SECOND = 5;
const DEFAULT_COLUMNS = 80;

class BarProgress implements TransferProgress {
  private shown: { file: string; bar: cliProgress.SingleBar; firstBytes: number; startedMs: number } | undefined;

  constructor(private readonly stream: ProgressStream) {}

  update(file: string, received: number, total: number | undefined): void {
    if (this.shown?.file !== file) {
      this.end();
      this.shown = { file, bar: this.createBar(), firstBytes: received, startedMs: performance.now() };
      this.shown.bar.start(total ?? 0, received, { file });
    }
    const { bar, firstBytes, startedMs } = this.shown;
    const seconds = (performance.now() - startedMs) / 1000;
    bar.setTotal(total ?? 0);
    bar.update(received, { file, bytesPerSecond: seconds > 0 ? (received - firstBytes) / seconds : 0 });
  }

  note(line: string): void {
    this.end();
    this.stream.write(`${line}\n`);
  }

  end(): void {
    this.shown?.bar.stop();
    this.shown = undefined;
  }

  private createBar(): cliProgress.SingleBar {
    return new cliProgress.SingleBar({
      stream: this.stream as NodeJS.WriteStream,
      fps: REDRAWS_PER_SECOND,
      // The line fits; and a terminal left without wrapping, when Ctrl-C ends us here, would stay so.
      linewrap: true,
      // Its handler would swallow the first Ctrl-C.
      gracefulExit: false,
      format: (_options, { value, total }, { file, bytesPerSecond }: { file: string; bytesPerSecond?: number }) =>
        transferLine(
          { file, received: value, total: total > 0 ? total : undefined, bytesPerSecond: bytesPerSecond ?? 0 },
          this.stream.columns || DEFAULT_COLUMNS,
        ),
    });
  }
}

export interface Transfer {
  file: string;
  received: number;
  total: number | undefined;
  bytesPerSecond: number;
}

/** With the longest name of the catalogue's files, the slowest line and the longest wait, 80 columns are enough. */
const BAR_COLUMNS = 10;

/** One line of fewer than `columns` characters: the bar goes first where there is no room, then the name's beginning. */
export function transferLine({ file, received, total, bytesPerSecond }: Transfer, columns: number): string {
  const speed = bytesPerSecond > 0 ? `, ${formatBytes(bytesPerSecond)}/s` : '';
  let told = ` ${formatBytes(received)}${speed}`;
  let bar = '';
  if (total !== undefined) {
    const share = Math.min(1, received / total);
    const left = bytesPerSecond > 0 && received < total ? `, ${clock((total - received) / bytesPerSecond)} left` : '';
    told = ` ${Math.floor(share * 100)} % of ${formatBytes(total)}${speed}${left}`;
    const full = Math.round(share * BAR_COLUMNS);
    bar = ` [${'#'.repeat(full)}${'.'.repeat(BAR_COLUMNS - full)}]`;
  }
  // The last column stays free: some terminals wrap when it is written.
  const room = columns - 1;
  if (file.length + bar.length + told.length > room) bar = '';
  const nameRoom = room - bar.length - told.length;
  const name = file.length <= nameRoom ? file : `…${file.slice(file.length - Math.max(0, nameRoom - 1))}`;
  return `${nameRoom < 2 ? '' : name}${bar}${told}`.slice(0, Math.max(0, room));
}

const MINUTE_S = 60;
const LONGEST_CLOCK_S = 100 * MINUTE_S;

/** `0:31`, `12:05`; `>99 min` where nobody waits to the second. */
function clock(seconds: number): string {
  if (seconds >= LONGEST_CLOCK_S) return '>99 min';
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / MINUTE_S)}:${String(whole % MINUTE_S).padStart(2, '0')}`;
}

/** Lines a file, where its size is known. */
const LINES = 10;
/** Where it is not. */
const BYTES_PER_LINE = 16_000_000;

class LineProgress implements TransferProgress {
  private file: string | undefined;
  private step = -1;

  constructor(private readonly stream: ProgressStream) {}

  update(file: string, received: number, total: number | undefined): void {
    const step = Math.floor(total === undefined ? received / BYTES_PER_LINE : (received / Math.max(1, total)) * LINES);
    if (file === this.file && step <= this.step) return;
    this.file = file;
    this.step = step;
    const told = total === undefined ? formatBytes(received) : `${formatBytes(received)} of ${formatBytes(total)}`;
    this.note(`${file}: ${told}`);
  }

  note(line: string): void {
    this.stream.write(`${line}\n`);
  }

  end(): void {
    // Its lines stay.
  }
}
