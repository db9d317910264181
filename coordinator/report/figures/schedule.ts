import * as Plot from '@observablehq/plot';
import { epochInterval, outline } from '../schedules/samples.js';
import type { RoundSchedule } from '../schedules/rounds.js';
import { lengthInWords, rateInWords } from '../schedules/words.js';
import { clip, formatNumber } from '../format.js';
import { SERIES_COLOURS, type Figure } from './render.js';

const WIDTH = 640;
const PANEL_HEIGHT = 150;
/** Of one panel alone. */
const ONLY_HEIGHT = 240;
/** Between the panels, for the words of the next. */
const GAP = 0.3;
/** Stretches that a line is drawn through: more are finer than the figure. */
const STRETCHES = 240;
/** Characters that the width has room for. */
const LONGEST_TITLE = 92;
/** Room that the number of an epoch takes, in shares of the width. */
const LABEL_SHARE = 0.045;

/** The learning rate of rounds over their update steps, one panel a round below the other, with the epochs marked. */
export function scheduleFigure(rounds: readonly RoundSchedule[]): Figure {
  const alone = rounds.length === 1;
  const steps = Math.max(...rounds.map(({ plan }) => plan.totalSteps));
  const curves = rounds.flatMap(({ plan }, panel) => outline(plan, STRETCHES).map((sample) => ({ ...sample, panel })));
  const ticks = rounds.flatMap(({ plan }, panel) => epochTicks(plan, steps).map((tick) => ({ ...tick, panel })));
  const logarithmic = rounds.every(({ rate }) => rate.schedule === 'range_test' && rate.growth === 'exponential');
  const titles = rounds.map((round, panel) => ({
    panel,
    text: clip(`${alone ? '' : `${round.name}: `}${rateInWords(round)}`, LONGEST_TITLE),
  }));
  const facet = { fy: 'panel' } as const;
  return {
    description: `Learning rate over update steps: ${rounds.map((round) => `${round.name}, ${rateInWords(round)}, ${lengthInWords(round)}`).join('; ')}.`,
    options: {
      width: WIDTH,
      height: alone ? ONLY_HEIGHT : 60 + rounds.length * PANEL_HEIGHT,
      marginLeft: 62,
      marginRight: 16,
      marginTop: alone ? 52 : 46,
      marginBottom: 38,
      insetTop: 5,
      x: { label: 'update step', domain: [0, steps], ticks: 6, tickFormat: 'd' },
      y: {
        label: 'learning rate',
        grid: true,
        ...(logarithmic ? { type: 'log', nice: true } : { zero: true, nice: 4 }),
        ticks: 4,
        tickFormat: formatNumber,
      },
      fy: { axis: null, padding: alone ? 0 : GAP },
      marks: [
        Plot.ruleX(ticks, { ...facet, x: 'step', strokeOpacity: 0.18, strokeDasharray: '2 3' }),
        Plot.text(ticks, {
          ...facet,
          x: 'step',
          text: 'label',
          frameAnchor: 'top',
          lineAnchor: 'bottom',
          dy: -3,
          fontSize: 10,
          fillOpacity: 0.7,
        }),
        Plot.line(curves, { ...facet, z: 'panel', x: 'step', y: 'rate', stroke: SERIES_COLOURS[0], strokeWidth: 1.8 }),
        Plot.text(titles, {
          ...facet,
          text: 'text',
          frameAnchor: 'top-left',
          lineAnchor: 'bottom',
          dy: -18,
          fontSize: 11,
        }),
        Plot.frame({ strokeOpacity: 0.25 }),
      ],
    },
  };
}

interface Tick {
  step: number;
  label: string;
}

/** Ends of epochs, as many as there is room for. */
function epochTicks({ stepsPerEpoch, totalSteps, epochs }: RoundSchedule['plan'], steps: number): Tick[] {
  const every = epochInterval(epochs, (interval) => interval * stepsPerEpoch >= LABEL_SHARE * steps);
  const ticks: Tick[] = [];
  for (let epoch = every; epoch * stepsPerEpoch <= totalSteps; epoch += every) {
    ticks.push({ step: epoch * stepsPerEpoch, label: String(epoch) });
  }
  const [first] = ticks;
  if (first !== undefined) first.label = `epoch ${first.label}`;
  return ticks;
}
