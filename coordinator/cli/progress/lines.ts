import { clip, counted, displayWidth, duration, formatMetric, printable } from '../../report/format.js';
import { assignments } from '../../report/round-table.js';
import { bar, pad, roughDuration } from './format.js';
import type { Paint } from './paint.js';
import { byThread, shareTrained, type ProgressState, type RoundProgress, type RunningProgress } from './state.js';

export interface Frame {
  columns: number;
  /** Rows of the terminal; the lines never fill it. */
  rows: number;
  paint: Paint;
  elapsedMs: number;
  leftMs: number | undefined;
}

/** More threads' running trials than these are counted, not shown. */
const MAX_RUNNING_LINES = 8;
/** Rows that the other lines and the cursor need at most, rounds apart. */
const OTHER_ROWS = 6;
const MAX_BAR = 26;
/** The names' column grows with the names up to this. */
const MAX_LABEL = 16;

/** The progress display: lines of at most `columns` columns, fewer than `rows`. */
export function progressLines(state: ProgressState, frame: Frame): string[] {
  const { columns, paint } = frame;
  const label = Math.min(MAX_LABEL, Math.max(4, ...state.rounds.map(({ name }) => displayWidth(printable(name)))));
  const rounds = visibleRounds(state.rounds, Math.max(1, Math.floor((frame.rows - OTHER_ROWS) / 2)));
  const rowsLeft = frame.rows - OTHER_ROWS - rounds.length;
  return [
    headLine(state, frame),
    ...rounds.map((round) => roundLine(round, state, label, frame)),
    ...runningLines(state, Math.min(MAX_RUNNING_LINES, rowsLeft), label, frame),
    ...(state.best === undefined ? [] : [bestLine(state, state.best, label, frame)]),
    ...(state.search.message === '' ? [] : [paint.yellow(clip(printable(state.search.message), columns))]),
    paint.dim(clip(`${pad('time', label)}  ${timeText(frame)}`, columns)),
  ];
}

function headLine({ search, workers, threads }: ProgressState, { columns, paint }: Frame): string {
  const name = printable(search.name);
  const left = `${name}  seed ${search.seed}`;
  const right = workers === 0 ? 'waiting for workers' : `${counted(workers, 'worker')}, ${counted(threads, 'thread')}`;
  const room = columns - displayWidth(left) - displayWidth(right);
  if (room < 2) return paint.bold(clip(left, columns));
  const shownRight = workers === 0 ? paint.yellow(right) : paint.dim(right);
  return `${paint.bold(name)}${left.slice(name.length)}${' '.repeat(room)}${shownRight}`;
}

/** Where not all have room: those around the open one. */
function visibleRounds(rounds: readonly RoundProgress[], room: number): readonly RoundProgress[] {
  if (rounds.length <= room) return rounds;
  const open = rounds.findIndex(({ state }) => state !== 'closed');
  const current = open === -1 ? rounds.length - 1 : open;
  const first = Math.min(Math.max(0, current - 1), rounds.length - room);
  return rounds.slice(first, first + room);
}

/** The bar counts what the running trials have trained, else one of few long trials would seem to stand. */
function roundLine(round: RoundProgress, { running }: ProgressState, label: number, frame: Frame): string {
  const { columns, paint } = frame;
  const name = pad(clip(printable(round.name), label), label);
  const counts = `${round.trialsDone}/${round.trialsTotal}`;
  const lost = round.trialsLost > 0 ? `  ${round.trialsLost} without result` : '';
  const width = Math.min(MAX_BAR, columns - label - counts.length - 4);
  const trained = round.state === 'open' ? running.reduce((sum, trial) => sum + shareTrained(trial), 0) : 0;
  const share = round.trialsTotal === 0 ? 0 : (round.trialsDone + trained) / round.trialsTotal;
  const text = clip(`${name}  ${width < 6 ? '' : `${bar(share, width)}  `}${counts}${lost}`, columns);
  if (round.state === 'waiting') return paint.dim(text);
  return round.state === 'closed' ? paint.green(text) : text;
}

/** A line for each thread, as far as there is room: trials come and go, the lines below stay where they are. */
function runningLines({ running, threads }: ProgressState, room: number, label: number, frame: Frame): string[] {
  const lines = Math.min(room, threads);
  if (lines < 1) return [];
  // Trials whose results are under way share their threads with the next ones.
  const training = byThread(running.filter(({ epoch, epochs }) => epochs === 0 || epoch < epochs));
  const listed = training.length >= threads ? training : byThread(running);
  const shown = listed.length <= lines ? listed : listed.slice(0, lines - 1);
  const isDivided = training.flat().some(({ inParts }) => inParts);
  const text = shown.map((trials) => runningLine(trials, isDivided ? 'waiting' : 'starting', label, frame));
  if (shown.length < listed.length) {
    const others = listed.slice(shown.length).flat().length;
    const more = `${shown.length === 0 ? '' : 'and '}${others} ${shown.length === 0 ? 'trials run' : 'more'}`;
    text.push(frame.paint.dim(clip(`${' '.repeat(label + 2)}${more}`, frame.columns)));
  }
  while (text.length < lines) text.push('');
  return text;
}

/**
 * Trials that share a thread: the longest tells how far they are.
 *
 * @param before what a trial does that has not told of an epoch yet: beside one whose parts are on all threads it waits for them
 */
function runningLine(
  trials: readonly RunningProgress[],
  before: 'starting' | 'waiting',
  label: number,
  { columns }: Frame,
): string {
  const longest = trials.reduce((a, b) => (b.epochs > a.epochs ? b : a));
  const epoch =
    longest.epochs === 0 ? before : `${longest.inParts ? 'part' : 'epoch'} ${longest.epoch}/${longest.epochs}`;
  const attempt = Math.max(...trials.map((trial) => trial.attempt));
  const again = attempt > 1 ? `  attempt ${attempt}` : '';
  const which = `${trials.length === 1 ? 'trial' : 'trials'} ${numbers(trials.map(({ trial }) => trial))}`;
  return clip(`${' '.repeat(label + 2)}${which}  ${epoch}${again}  ${parametersOf(trials)}`, columns).trimEnd();
}

/** `lambda=0.001, 0.002` where there is one parameter, else `a=1 b=2, a=1 b=3` */
function parametersOf(trials: readonly RunningProgress[]): string {
  const [first = '', ...others] = trials.map(({ parameters }) => assignments(parameters));
  const [name, more] = Object.keys(trials[0]?.parameters ?? {});
  const prefix = name === undefined || more !== undefined ? '' : `${printable(name)}=`;
  return [first, ...others.map((text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text))].join(', ');
}

/** `3`, `1-4`, `1-3, 7` */
function numbers(ascending: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of ascending) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range[1] + 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

/** The trial's round is named where there are several: by its own name, as its line is. */
function bestLine(
  { metric, rounds }: ProgressState,
  best: NonNullable<ProgressState['best']>,
  label: number,
  { columns, paint }: Frame,
): string {
  const score = `${metric} ${formatMetric(metric, best.score)}`;
  const isNamed = rounds.length > 1 && rounds.some(({ name }) => name === best.round);
  const round = isNamed ? ` of ${printable(best.round)}` : '';
  const rest = `  trial ${best.trial}${round}  ${assignments(best.parameters)}`;
  const text = clip(`${pad('best', label)}  ${score}${rest}`, columns).trimEnd();
  return text.replace(score, paint.bold(score));
}

function timeText({ elapsedMs, leftMs }: Frame): string {
  return leftMs === undefined ? duration(elapsedMs) : `${duration(elapsedMs)}, ${roughDuration(leftMs)} left`;
}
