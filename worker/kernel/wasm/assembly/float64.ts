import { gather } from './gather';
import {
  activate,
  addBias,
  addSquares,
  maskInactive,
  momentumBias,
  momentumStep,
  multiplyElements,
  toPanels,
  updateBias,
} from './layer';
import { multiplyAddPeak } from './peak';
import { multiply, update } from './product';
import { addToEvaluation, softmaxGradient } from './softmax';

/* Every function for float64. */

export function activate64(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  activate<f64>(z, zRow, units, rows, bias);
}

export function addBias64(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  addBias<f64>(z, zRow, units, rows, bias);
}

export function addSquares64(w: usize, wRow: usize, inputs: i32, outputs: i32, sum: f64): f64 {
  return addSquares<f64>(w, wRow, inputs, outputs, sum);
}

export function addToEvaluation64(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
  result: usize,
): void {
  addToEvaluation<f64>(scores, scoresRow, classes, rows, labels, rowNumbers, result);
}

export function gather64(
  images: usize,
  inputs: i32,
  rowNumbers: usize,
  rows: i32,
  first: i32,
  count: i32,
  mean: usize,
  inverse: usize,
  panels: usize,
  panel: usize,
  transposed: usize,
  transposedRow: usize,
): void {
  gather<f64>(images, inputs, rowNumbers, rows, first, count, mean, inverse, panels, panel, transposed, transposedRow);
}

export function maskInactive64(g: usize, gRow: usize, units: i32, rows: i32, x: usize, xRow: usize): void {
  maskInactive<f64>(g, gRow, units, rows, x, xRow);
}

export function momentumBias64(
  g: usize,
  gRow: usize,
  units: i32,
  rows: i32,
  velocity: usize,
  bias: usize,
  momentum: f64,
  eta: f64,
): void {
  momentumBias<f64>(g, gRow, units, rows, velocity, bias, momentum, eta);
}

export function momentumStep64(
  m: i32,
  n: i32,
  v: usize,
  vRow: usize,
  w: usize,
  wRow: usize,
  decay: f64,
  eta: f64,
): void {
  momentumStep<f64>(m, n, v, vRow, w, wRow, decay, eta);
}

export function multiply64(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  add: i32,
  scratch: usize,
): void {
  multiply<f64>(m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add, scratch);
}

export function multiplyAddPeak64(turns: i32, factor: f64): f64 {
  return multiplyAddPeak<f64>(turns, factor);
}

export function multiplyElements64(
  z: usize,
  zRow: usize,
  units: i32,
  rows: i32,
  factors: usize,
  factorsRow: usize,
): void {
  multiplyElements<f64>(z, zRow, units, rows, factors, factorsRow);
}

export function softmaxGradient64(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
): void {
  softmaxGradient<f64>(scores, scoresRow, classes, rows, labels, rowNumbers);
}

export function toPanels64(z: usize, zRow: usize, units: i32, rows: i32, panels: usize, panel: usize): void {
  toPanels<f64>(z, zRow, units, rows, panels, panel);
}

export function update64(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bPanel: usize,
  w: usize,
  wRow: usize,
  keep: f64,
  eta: f64,
  scratch: usize,
): void {
  update<f64>(m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta, scratch);
}

export function updateBias64(g: usize, gRow: usize, units: i32, rows: i32, bias: usize, eta: f64): void {
  updateBias<f64>(g, gRow, units, rows, bias, eta);
}
