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

/* Every function for float32. */

export function activate32(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  activate<f32>(z, zRow, units, rows, bias);
}

export function addBias32(z: usize, zRow: usize, units: i32, rows: i32, bias: usize): void {
  addBias<f32>(z, zRow, units, rows, bias);
}

export function addSquares32(w: usize, wRow: usize, inputs: i32, outputs: i32, sum: f64): f64 {
  return addSquares<f32>(w, wRow, inputs, outputs, sum);
}

export function addToEvaluation32(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
  result: usize,
): void {
  addToEvaluation<f32>(scores, scoresRow, classes, rows, labels, rowNumbers, result);
}

export function gather32(
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
  gather<f32>(images, inputs, rowNumbers, rows, first, count, mean, inverse, panels, panel, transposed, transposedRow);
}

export function maskInactive32(g: usize, gRow: usize, units: i32, rows: i32, x: usize, xRow: usize): void {
  maskInactive<f32>(g, gRow, units, rows, x, xRow);
}

export function momentumBias32(
  g: usize,
  gRow: usize,
  units: i32,
  rows: i32,
  velocity: usize,
  bias: usize,
  momentum: f32,
  eta: f32,
): void {
  momentumBias<f32>(g, gRow, units, rows, velocity, bias, momentum, eta);
}

export function momentumStep32(
  m: i32,
  n: i32,
  v: usize,
  vRow: usize,
  w: usize,
  wRow: usize,
  decay: f32,
  eta: f32,
): void {
  momentumStep<f32>(m, n, v, vRow, w, wRow, decay, eta);
}

export function multiply32(
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
  multiply<f32>(m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add, scratch);
}

export function multiplyAddPeak32(turns: i32, factor: f32): f32 {
  return multiplyAddPeak<f32>(turns, factor);
}

export function multiplyElements32(
  z: usize,
  zRow: usize,
  units: i32,
  rows: i32,
  factors: usize,
  factorsRow: usize,
): void {
  multiplyElements<f32>(z, zRow, units, rows, factors, factorsRow);
}

export function softmaxGradient32(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
): void {
  softmaxGradient<f32>(scores, scoresRow, classes, rows, labels, rowNumbers);
}

export function toPanels32(z: usize, zRow: usize, units: i32, rows: i32, panels: usize, panel: usize): void {
  toPanels<f32>(z, zRow, units, rows, panels, panel);
}

export function update32(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bPanel: usize,
  w: usize,
  wRow: usize,
  keep: f32,
  eta: f32,
  scratch: usize,
): void {
  update<f32>(m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta, scratch);
}

export function updateBias32(g: usize, gRow: usize, units: i32, rows: i32, bias: usize, eta: f32): void {
  updateBias<f32>(g, gRow, units, rows, bias, eta);
}
