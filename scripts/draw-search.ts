/**
 * Draws a search over one log-uniform parameter: every trial's score by its value, one panel a round, with the interval
 * the round drew from shaded. The README's picture is made so:
 *
 *   node dist/main.js run configs/quickstart.yaml --json | npx tsx scripts/draw-search.ts lambda > docs/images/quickstart.svg
 */
import { text } from 'node:stream/consumers';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { SearchJson } from '../coordinator/report/search-json.js';

const METRIC = 'val_accuracy';
const parameter = process.argv[2] ?? 'lambda';
const search = JSON.parse(await text(process.stdin)) as SearchJson;

const rounds = search.rounds.map(({ name }) => name);
const intervals = search.rounds.flatMap(({ name, interval }) =>
  interval[parameter] === undefined ? [] : [{ round: name, ...interval[parameter] }],
);
const trials = search.rounds.flatMap(({ name, trials: ofRound }) =>
  ofRound.map(({ number, parameters, metrics }) => ({
    round: name,
    value: Number(parameters[parameter]),
    score: metrics[METRIC] ?? NaN,
    best: search.best?.round === name && search.best.number === number,
  })),
);

const { document } = parseHTML('<html></html>');
const figure = Plot.plot({
  document,
  width: 760,
  height: 280,
  marginLeft: 54,
  marginTop: 40,
  insetTop: 8,
  insetBottom: 8,
  marginBottom: 42,
  style: { background: 'white', fontFamily: 'system-ui, sans-serif', fontSize: '12px' },
  // Left to itself, Plot writes 100µ.
  x: {
    type: 'log',
    label: `${parameter} →`,
    domain: [0.7e-5, 1.4e-1],
    ticks: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
    tickFormat: (value: number) => `1e${Math.round(Math.log10(value))}`,
  },
  y: { label: '↑ validation accuracy, %', grid: true, percent: true, nice: true },
  fx: { domain: rounds, label: null },
  marks: [
    Plot.rect(intervals, { fx: 'round', x1: 'min', x2: 'max', fill: '#4269d0', fillOpacity: 0.12 }),
    Plot.dot(trials, {
      fx: 'round',
      x: 'value',
      y: 'score',
      r: 4,
      fill: (trial: { best: boolean }) => (trial.best ? '#d94f2a' : '#4269d0'),
    }),
    Plot.frame({ stroke: '#ccc' }),
  ],
});
figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
process.stdout.write(`${figure.outerHTML}\n`);
