import * as Plot from '@observablehq/plot';
import { formatNumber } from '../format.js';
import type { RangeTest } from '../range-test.js';
import { SERIES_COLOURS, type Figure } from './render.js';

const WIDTH = 460;
const HEIGHT = 270;
/** Up to so many epochs, each one's value is marked. */
const MOST_DOTS = 60;

/**
 * A learning rate range test as it is read (Smith 2017, section 3.3): a metric after each epoch against the rate that the epoch
 * ended at. Where an accuracy begins to rise is the least rate of a cycle, where it flattens or falls the greatest.
 */
export function rangeTestFigure({ metric, points, growth }: RangeTest): Figure {
  const percent = metric.endsWith('_accuracy');
  const finite = points.filter(({ value }) => Number.isFinite(value));
  const [colour] = SERIES_COLOURS;
  return {
    description: `${metric} after each epoch of a learning rate range test, against the rate at the epoch's end.`,
    options: {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 52,
      marginRight: 14,
      marginBottom: 38,
      insetTop: 4,
      insetBottom: 4,
      x: {
        label: 'learning rate',
        ...(growth === 'exponential' ? { type: 'log' } : {}),
        ticks: 5,
        tickFormat: formatNumber,
      },
      y: { label: percent ? `${metric}, %` : metric, grid: true, percent },
      marks: [
        Plot.lineY(finite, { x: 'rate', y: 'value', stroke: colour, strokeWidth: 1.8 }),
        ...(finite.length <= MOST_DOTS ? [Plot.dot(finite, { x: 'rate', y: 'value', fill: colour, r: 2.4 })] : []),
        Plot.frame({ strokeOpacity: 0.25 }),
      ],
    },
  };
}
