import * as Plot from '@observablehq/plot';
import { formatNumber } from '../format.js';
import { SERIES_COLOURS, type Figure } from './render.js';

/** A trial's score by the value of one parameter. */
interface ScoredValue {
  value: number;
  score: number;
  /** The search's best. */
  best: boolean;
}

export interface ScoreRound {
  name: string;
  /** What the parameter was drawn from; absent in a round that drew nothing. */
  interval?: { min: number; max: number };
  trials: readonly ScoredValue[];
}

export interface ScoreFigure {
  description: string;
  parameter: string;
  /** Whether the parameter was drawn evenly by its logarithm. */
  logarithmic: boolean;
  /** What the vertical axis shows. */
  axis: string;
  /** Scores are shares, shown in percent. */
  percent: boolean;
  rounds: readonly ScoreRound[];
}

const PANEL_WIDTH = 235;
const PANEL_HEIGHT = 230;
/** More panels side by side would be too wide for a page. */
const PANELS_A_ROW = 3;
const MARGIN_LEFT = 54;
/** A name that is longer ends in an ellipsis: panels are narrow. */
const LONGEST_NAME = 28;

/** Every trial's score by one parameter's value: a panel a round, the interval that it drew from shaded, the best trial in another colour. */
export function scoresByParameter({ description, parameter, logarithmic, axis, percent, rounds }: ScoreFigure): Figure {
  const columns = Math.min(PANELS_A_ROW, Math.max(1, rounds.length));
  const rows = Math.ceil(rounds.length / columns);
  const panels = rounds.map((round, index) => ({
    ...round,
    at: { column: index % columns, row: Math.floor(index / columns) },
  }));
  const intervals = panels.flatMap(({ interval, at }) => (interval === undefined ? [] : [{ ...interval, ...at }]));
  const trials = panels.flatMap(({ trials: scored, at }) =>
    scored.filter(({ score }) => Number.isFinite(score)).map((each) => ({ ...each, ...at })),
  );
  const values = [...trials.map(({ value }) => value), ...intervals.flatMap(({ min, max }) => [min, max])];
  const isLogarithmic = logarithmic && values.every((value) => value > 0);
  const facet = { fx: 'column', fy: 'row' } as const;
  const [colour, bestColour] = SERIES_COLOURS;
  return {
    description,
    options: {
      width: MARGIN_LEFT + columns * PANEL_WIDTH,
      height: 34 + rows * PANEL_HEIGHT,
      marginLeft: MARGIN_LEFT,
      marginRight: 14,
      marginTop: 40,
      marginBottom: 40,
      insetTop: 8,
      insetBottom: 8,
      x: {
        label: parameter,
        ...(isLogarithmic ? { type: 'log' } : {}),
        ...horizontal(values, isLogarithmic),
      },
      y: { label: percent ? `${axis}, %` : axis, grid: true, percent, nice: true },
      fx: { axis: null, domain: Array.from({ length: columns }, (_, column) => column) },
      fy: { axis: null, domain: Array.from({ length: rows }, (_, row) => row) },
      marks: [
        Plot.rectX(intervals, { ...facet, x1: 'min', x2: 'max', fill: colour, fillOpacity: 0.12 }),
        Plot.dot(trials, {
          ...facet,
          x: 'value',
          y: 'score',
          r: 3.6,
          fill: (trial: ScoredValue) => (trial.best ? bestColour : colour),
        }),
        Plot.text(
          panels.map(({ name, at }) => ({ name: shortened(name), ...at })),
          { ...facet, frameAnchor: 'top', dy: -14, text: 'name', fontWeight: 'bold' },
        ),
        Plot.frame({ strokeOpacity: 0.25 }),
      ],
    },
  };
}

function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 1)}…`;
}

/** Domain, ticks and their words. Left to itself, Plot writes 100µ for 0.0001. */
function horizontal(values: readonly number[], isLogarithmic: boolean): Plot.ScaleOptions {
  const min = Math.min(...values);
  const max = Math.max(...values);
  if (values.length === 0) return {};
  if (!isLogarithmic) {
    const room = (max - min || Math.abs(max) || 1) * 0.06;
    return { domain: [min - room, max + room], ticks: 4 };
  }
  const powers: number[] = [];
  for (let exponent = exponentOf(min); exponent <= exponentOf(max) + 1; exponent++)
    powers.push(Number(`1e${exponent}`));
  const room = 1.5;
  const inside = powers.filter((power) => power >= min / room && power <= max * room);
  const every = Math.ceil(inside.length / 5);
  return {
    domain: [min / room, max * room],
    ticks: inside.length >= 2 ? inside.filter((_, index) => index % every === 0) : [...new Set([min, max])],
    tickFormat: (value: number) => (inside.includes(value) ? `1e${exponentOf(value)}` : formatNumber(value)),
  };
}

/** Of the greatest power of ten that is not above a positive number. */
function exponentOf(value: number): number {
  return Number(value.toExponential().split('e')[1]);
}
