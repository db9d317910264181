import * as Plot from '@observablehq/plot';
import { formatNumber } from '../format.js';
import type { RangeTest } from '../range-test.js';
import { SERIES_COLOURS, type Figure } from './render.js';

export interface RangeTestFigure {
  description: string;
  metric: string;
  /** At least one. */
  tests: readonly (RangeTest & { label: string })[];
}

const WIDTH = 460;
const HEIGHT = 270;
/** Up to so many epochs, each one's value is marked. */
const MOST_DOTS = 60;

/**
 * Learning rate range tests as they are read (Smith 2017, section 3.3): a metric after each epoch against the rate that the epoch
 * ended at. Where an accuracy begins to rise is the least rate of a cycle, where it flattens or falls the greatest.
 */
export function rangeTestFigure({ description, metric, tests }: RangeTestFigure): Figure {
  const percent = metric.endsWith('_accuracy');
  const lines = tests.map(({ label, points }, index) => ({
    label,
    colour: SERIES_COLOURS[index % SERIES_COLOURS.length] as string,
    points: points.filter(({ value }) => Number.isFinite(value)),
  }));
  const logarithmic = tests.every(({ growth }) => growth === 'exponential');
  return {
    description,
    ...(lines.length > 1 ? { legend: lines.map(({ label, colour }) => ({ label, colour })) } : {}),
    options: {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 52,
      marginRight: 14,
      marginBottom: 38,
      insetTop: 4,
      insetBottom: 4,
      x: { label: 'learning rate', ...(logarithmic ? { type: 'log' } : {}), ticks: 5, tickFormat: formatNumber },
      y: { label: percent ? `${metric}, %` : metric, grid: true, percent },
      marks: [
        ...lines.flatMap(({ points, colour }) => [
          Plot.lineY(points, { x: 'rate', y: 'value', stroke: colour, strokeWidth: 1.8 }),
          ...(points.length <= MOST_DOTS ? [Plot.dot(points, { x: 'rate', y: 'value', fill: colour, r: 2.4 })] : []),
        ]),
        Plot.frame({ strokeOpacity: 0.25 }),
      ],
    },
  };
}
