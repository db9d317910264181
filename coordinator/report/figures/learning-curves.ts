import * as Plot from '@observablehq/plot';
import { SERIES_COLOURS, type Figure } from './render.js';

/** A metric's course over the epochs of one trial. */
export interface Curve {
  label: string;
  /** In epoch order; one that is not finite leaves a gap. */
  points: readonly CurvePoint[];
}

export interface CurvePoint {
  /** From 1. */
  epoch: number;
  value: number;
}

/** Fits a phone's width at a size whose words can be read (document/html.ts). */
const WIDTH = 460;
const HEIGHT = 270;
/** Up to so many epochs, each one's value is marked. */
const MOST_DOTS = 24;
/** Lines are told apart without their colours too. */
const DASHES = [undefined, '6 3', '2 3', '8 3 2 3'] as const;

export interface LearningFigure {
  description: string;
  /** What the vertical axis shows. */
  axis: string;
  /** Shares, shown in percent. */
  percent?: boolean;
  curves: readonly Curve[];
}

/** A few curves, each with its colour and its place in the legend. */
export function learningCurves({ description, axis, percent = false, curves }: LearningFigure): Figure {
  const styled = curves.map((curve, index) => ({
    ...curve,
    colour: SERIES_COLOURS[index % SERIES_COLOURS.length] as string,
    dash: DASHES[index % DASHES.length],
  }));
  const marks = styled.flatMap(({ points, colour, dash }) => [
    Plot.lineY(points, { x: 'epoch', y: 'value', stroke: colour, strokeWidth: 1.8, ...dashed(dash) }),
    ...(points.length <= MOST_DOTS ? [Plot.dot(points, { x: 'epoch', y: 'value', fill: colour, r: 2.4 })] : []),
  ]);
  return {
    description,
    legend: styled.map(({ label, colour, dash }) => ({ label, colour, ...(dash === undefined ? {} : { dash }) })),
    options: { ...frame(axis, percent, styled), marks: [...marks, border()] },
  };
}

/** Many curves: one stands out, the others show what it stands out from. */
export function curvesWithOneOutstanding({
  description,
  axis,
  percent = false,
  curves,
  outstanding,
}: LearningFigure & { outstanding: Curve }): Figure {
  const [colour = 'currentColor'] = SERIES_COLOURS;
  const others = curves.filter((curve) => curve !== outstanding);
  const grey = '#8b949e';
  return {
    description,
    legend: [
      { label: outstanding.label, colour },
      ...(others.length === 0 ? [] : [{ label: 'the others', colour: grey }]),
    ],
    options: {
      ...frame(axis, percent, curves),
      marks: [
        ...others.map(({ points }) =>
          Plot.lineY(points, { x: 'epoch', y: 'value', stroke: grey, strokeWidth: 1, strokeOpacity: 0.75 }),
        ),
        Plot.lineY(outstanding.points, { x: 'epoch', y: 'value', stroke: colour, strokeWidth: 2.2 }),
        border(),
      ],
    },
  };
}

function frame(axis: string, percent: boolean, curves: readonly Pick<Curve, 'points'>[]): Plot.PlotOptions {
  const last = Math.max(1, ...curves.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  return {
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    marginRight: 14,
    marginBottom: 38,
    insetTop: 4,
    insetBottom: 4,
    x: { label: 'epoch', domain: [1, Math.max(2, last)], ticks: epochTicks(last), tickFormat: 'd' },
    y: { label: percent ? `${axis}, %` : axis, grid: true, percent },
  };
}

/** Whole epochs, at most about eight of them: multiples of a round number, and the first. */
function epochTicks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((each) => last / each <= 8) ?? 10_000;
  const ticks: number[] = step > 1 ? [1] : [];
  for (let epoch = step; epoch <= Math.max(2, last); epoch += step) ticks.push(epoch);
  return ticks;
}

function dashed(dash: string | undefined): { strokeDasharray?: string } {
  return dash === undefined ? {} : { strokeDasharray: dash };
}

function border(): Plot.Markish {
  return Plot.frame({ strokeOpacity: 0.25 });
}
