import { plot } from 'asciichart';
import { exp, log } from '../../../proto/numeric/index.js';
import type { TrainingPlan } from '../../../proto/training/plan.js';
import { counted, formatNumber, printable, wrap } from '../format.js';
import { isTold, type RoundSchedule, type UntoldSchedule } from './rounds.js';
import { epochInterval, epochStretches, stretches } from './samples.js';
import { lengthInWords, rateInWords, untoldInWords } from './words.js';

/** Room that a chart may take. */
export interface ChartRoom {
  columns: number;
  rows: number;
}

const LEAST_COLUMNS = 30;
/** Tenths of the greatest rate where there is room, else fifths: the labels of 0.1 are 0.01, 0.02, ... or 0.02, 0.04, ... */
const ROWS = 10;
const FEWER_ROWS = 5;
/** Lines of a round besides its chart's: words, epochs, an empty one. */
const OTHER_LINES = 7;

/** A round's learning rate over its update steps as text: words, a chart, and below it where the epochs are. */
export function scheduleLines(
  round: RoundSchedule | UntoldSchedule,
  number: number,
  { columns: given, rows: givenRows }: ChartRoom,
): string[] {
  const columns = Math.max(LEAST_COLUMNS, given);
  const title = `Round ${number}, ${printable(round.name)}`;
  if (!isTold(round)) return [wrap(`${title}: ${untoldInWords(round)}`, columns, '  ')];
  const height = givenRows - OTHER_LINES < ROWS ? FEWER_ROWS : ROWS;
  return [
    wrap(`${title}: ${rateInWords(round)}`, columns, '  '),
    wrap(lengthInWords(round), columns, '  '),
    '',
    ...chart(round, columns, height),
    ...rangeTestLines(round, columns),
  ];
}

/** Wide enough for the numbers of formatNumber. */
const LABEL_COLUMNS = 9;
/** Where the vertical axis stands: after a label and a space. */
const AXIS = LABEL_COLUMNS + 1;
const EPOCH = ' epoch';
/** What the last epoch's number, of at most five digits, takes beyond its tick. */
const OVERHANG = 2;

function chart({ plan, rate }: RoundSchedule, columns: number, height: number): string[] {
  const width = columns - AXIS - OVERHANG - EPOCH.length;
  // By its logarithm an exponential growth is a straight line.
  const logarithmic = rate.schedule === 'range_test' && rate.growth === 'exponential';
  const series = seriesOf(plan, width).map((values) => (logarithmic ? values.map(log) : values));
  const all = series.flat();
  const max = Math.max(...all);
  const least = Math.min(...all);
  const min = logarithmic || least === max ? least : 0;
  const labelOf = (value: number): string => formatNumber(logarithmic ? exp(value) : value).padStart(LABEL_COLUMNS);
  const drawn = plot(series, {
    height,
    offset: 3,
    min,
    max,
    // A level line has its one row at a number of the library's own.
    format: (value) => labelOf(max > min ? value : min),
  });
  return [...drawn.split('\n').map((line) => line.trimEnd()), ...epochAxis(plan, width)];
}

/** Columns within which the rate turns, of all: with more, one line would show what it happens to meet; two show the edges. */
const MOST_TURNING = 1 / 3;

/** One value a column, a peak or valley within it before all others; or the greatest and the least where there are many. */
function seriesOf(plan: TrainingPlan, width: number): number[][] {
  const parts = stretches(plan, width);
  const turns = parts.map(({ first, last, least, greatest }, index) => {
    const ends = [first.rate, (parts[index + 1]?.first ?? last).rate];
    if (greatest.rate > Math.max(...ends)) return greatest.rate;
    return least.rate < Math.min(...ends) ? least.rate : undefined;
  });
  if (turns.filter((turn) => turn !== undefined).length > MOST_TURNING * width) {
    return [parts.map(({ greatest }) => greatest.rate), parts.map(({ least }) => least.rate)];
  }
  const values = parts.map(({ first }, index) => turns[index] ?? first.rate);
  // Fewer update steps than columns: each has several.
  const spread = Array.from(
    { length: width },
    (_, column) => values[Math.floor((column * values.length) / width)] ?? 0,
  );
  return [[...spread.slice(0, -1), parts.at(-1)?.last.rate ?? 0]];
}

/** Two lines: a tick where an epoch ends, and under ticks as there is room the number of the epoch that ends there. */
function epochAxis({ stepsPerEpoch, totalSteps, epochs }: TrainingPlan, width: number): string[] {
  const columnsAnEpoch = (stepsPerEpoch * (width - 1)) / totalSteps;
  const room = String(epochs).length + 1;
  const every = epochInterval(epochs, (interval) => interval * columnsAnEpoch >= room);
  const line = Array.from({ length: width }, () => '─');
  const words = Array.from({ length: width + OVERHANG }, () => ' ');
  for (let epoch = every; epoch * stepsPerEpoch <= totalSteps; epoch += every) {
    const column = Math.round(epoch * columnsAnEpoch);
    line[column] = '┴';
    const text = String(epoch);
    const start = column - Math.floor((text.length - 1) / 2);
    for (let index = 0; index < text.length; index++) words[start + index] = text.charAt(index);
  }
  line[0] = '└';
  words[0] = '0';
  const margin = ' '.repeat(AXIS);
  return [`${margin}${line.join('')}`, `${margin}${words.join('').trimEnd()}${EPOCH}`];
}

/** More are for machines. */
const MOST_EPOCHS = 100;

/** A range test is read by its rates: what to look up beside an epoch's accuracy. */
function rangeTestLines({ rate, plan }: RoundSchedule, columns: number): string[] {
  if (rate.schedule !== 'range_test') return [];
  const ends = epochStretches(plan).map(({ last }, index) => [String(index + 1), formatNumber(last.rate)] as const);
  const shown = ends.slice(0, MOST_EPOCHS);
  const widths = [0, 1].map((part) => Math.max(...shown.map((end) => (end[part] ?? '').length)));
  const cells = shown.map(([epoch, at]) => `  ${epoch.padStart(widths[0] ?? 0)}: ${at.padEnd(widths[1] ?? 0)}`);
  const across = Math.max(1, Math.floor(columns / (cells[0]?.length ?? 1)));
  const rows = Array.from({ length: Math.ceil(cells.length / across) }, (_, row) =>
    cells
      .slice(row * across, (row + 1) * across)
      .join('')
      .trimEnd(),
  );
  const left = ends.length - shown.length;
  const more = left > 0 ? [wrap(`  and ${counted(left, 'more epoch')}; --json has all`, columns, '  ')] : [];
  return ['', 'Rate at the end of each epoch:', ...rows, ...more];
}
