import { exp, log } from './exponential';
import { TILE, TILE_ROW, tiled } from './layout';

/* Scores lie tiled: [rows, classes]. Each row's label is labels[rowNumbers[row]], a byte. */

function score(row: usize, tile: usize, j: i32): f32 {
  return load<f32>(row + tiled(j, tile));
}

/** The first largest score's class: 0 unless a later one is greater than all before. */
function firstLargest(row: usize, tile: usize, classes: i32): i32 {
  let best = 0;
  let largest = score(row, tile, 0);
  for (let j = 1; j < classes; j++) {
    const s = score(row, tile, j);
    if (s > largest) {
      best = j;
      largest = s;
    }
  }
  return best;
}

function labelOf(labels: usize, rowNumbers: usize, i: i32): i32 {
  return i32(load<u8>(labels + usize(load<u32>(rowNumbers + usize(i) * 4))));
}

/** Scores become the gradient of the mean cross entropy: (softmax - one-hot label) / rows; columns past the last become 0. */
export function softmaxGradient(
  scores: usize,
  tile: usize,
  rows: i32,
  classes: i32,
  labels: usize,
  rowNumbers: usize,
): void {
  const columns = (classes + TILE - 1) & ~(TILE - 1);
  const divisor = f32(rows);
  let row = scores;
  for (let i = 0; i < rows; i++) {
    const largest = score(row, tile, firstLargest(row, tile, classes));
    let total: f32 = 0;
    for (let j = 0; j < classes; j++) {
      const at = row + tiled(j, tile);
      const e = f32(exp(f64(load<f32>(at) - largest)));
      store<f32>(at, e);
      total += e;
    }
    const label = labelOf(labels, rowNumbers, i);
    for (let j = 0; j < classes; j++) {
      const at = row + tiled(j, tile);
      const target: f32 = j == label ? 1 : 0;
      store<f32>(at, (load<f32>(at) / total - target) / divisor);
    }
    for (let j = classes; j < columns; j++) store<f32>(row + tiled(j, tile), 0);
    row += TILE_ROW;
  }
}

/**
 * Adds the rows to an evaluation: `result` is a float64, the sum of losses in row order, and behind it a uint32, the number
 * of rows whose first largest score is their label's.
 */
export function addToEvaluation(
  scores: usize,
  tile: usize,
  rows: i32,
  classes: i32,
  labels: usize,
  rowNumbers: usize,
  result: usize,
): void {
  let lossSum = load<f64>(result);
  let correct = load<u32>(result, 8);
  let row = scores;
  for (let i = 0; i < rows; i++) {
    const label = labelOf(labels, rowNumbers, i);
    const best = firstLargest(row, tile, classes);
    const largest = score(row, tile, best);
    let total: f64 = 0;
    for (let j = 0; j < classes; j++) total += exp(f64(score(row, tile, j) - largest));
    lossSum += log(total) - f64(score(row, tile, label) - largest);
    if (best == label) correct++;
    row += TILE_ROW;
  }
  store<f64>(result, lossSum);
  store<u32>(result, correct, 8);
}
