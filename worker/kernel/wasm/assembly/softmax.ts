import { expPair, log } from './exponential';
import { bytes, lanes, VECTOR } from './layout';

/*
 * Scores lie by rows, [classes, rows]: a vector holds one class's scores of several records. Record i's label is
 * labels[rowNumbers[i]], a byte.
 */

function labelOf(labels: usize, rowNumbers: usize, i: i32): i32 {
  return i32(load<u8>(labels + usize(load<u32>(rowNumbers + usize(i) * 4))));
}

/** The labels of a vector's records, as numbers. */
function labelsOf<T>(labels: usize, rowNumbers: usize, i: i32): v128 {
  let all = v128.splat<T>(labelOf(labels, rowNumbers, i) as T);
  all = v128.replace_lane<T>(all, 1, labelOf(labels, rowNumbers, i + 1) as T);
  if (sizeof<T>() == 4) {
    all = v128.replace_lane<T>(all, 2, labelOf(labels, rowNumbers, i + 2) as T);
    all = v128.replace_lane<T>(all, 3, labelOf(labels, rowNumbers, i + 3) as T);
  }
  return all;
}

/** exp of float32 or float64 numbers in float64, rounded once. */
function exponentials<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return expPair(x);
  const low = f32x4.demote_f64x2_zero(expPair(f64x2.promote_low_f32x4(x)));
  const high = f32x4.demote_f64x2_zero(expPair(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1))));
  return i64x2.shuffle(low, high, 0, 2);
}

/** Scores become the gradient of the mean cross entropy: (softmax - one-hot label) / rows. */
export function softmaxGradient<T>(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
): void {
  const divisor = v128.splat<T>(rows as T);
  const one = v128.splat<T>(1 as T);
  for (let i = 0; i < rows; i += lanes<T>()) {
    const column = scores + bytes<T>(i);
    let largest = v128.load(column);
    let at = column;
    for (let j = 1; j < classes; j++) {
      at += scoresRow;
      const s = v128.load(at);
      largest = v128.bitselect(s, largest, v128.lt<T>(largest, s));
    }
    let total = v128.splat<T>(0 as T);
    at = column;
    for (let j = 0; j < classes; j++) {
      const e = exponentials<T>(v128.sub<T>(v128.load(at), largest));
      v128.store(at, e);
      total = v128.add<T>(total, e);
      at += scoresRow;
    }
    const label = labelsOf<T>(labels, rowNumbers, i);
    at = column;
    for (let j = 0; j < classes; j++) {
      const target = v128.and(v128.eq<T>(label, v128.splat<T>(j as T)), one);
      v128.store(at, v128.div<T>(v128.sub<T>(v128.div<T>(v128.load(at), total), target), divisor));
      at += scoresRow;
    }
  }
}

/** Adds the records to an evaluation: BlockedFunctions.addToEvaluation. */
export function addToEvaluation<T>(
  scores: usize,
  scoresRow: usize,
  classes: i32,
  rows: i32,
  labels: usize,
  rowNumbers: usize,
  result: usize,
): void {
  for (let i = 0; i < rows; i += lanes<T>()) {
    const column = scores + bytes<T>(i);
    // The first largest score's class: 0 unless a later one is greater than all before.
    let largest = v128.load(column);
    let best = v128.splat<T>(0 as T);
    let at = column;
    for (let j = 1; j < classes; j++) {
      at += scoresRow;
      const s = v128.load(at);
      const isGreater = v128.lt<T>(largest, s);
      largest = v128.bitselect(s, largest, isGreater);
      best = v128.bitselect(v128.splat<T>(j as T), best, isGreater);
    }
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    at = column;
    for (let j = 0; j < classes; j++) {
      const d = v128.sub<T>(v128.load(at), largest);
      if (sizeof<T>() == 8) {
        low = f64x2.add(low, expPair(d));
      } else {
        low = f64x2.add(low, expPair(f64x2.promote_low_f32x4(d)));
        high = f64x2.add(high, expPair(f64x2.promote_low_f32x4(i64x2.shuffle(d, d, 1, 1))));
      }
      at += scoresRow;
    }
    const end = i + lanes<T>();
    addRecord<T>(
      column,
      scoresRow,
      labelOf(labels, rowNumbers, i),
      v128.extract_lane<T>(largest, 0),
      v128.extract_lane<T>(best, 0),
      f64x2.extract_lane(low, 0),
      result,
    );
    if (i + 1 < rows)
      addRecord<T>(
        column + bytes<T>(1),
        scoresRow,
        labelOf(labels, rowNumbers, i + 1),
        v128.extract_lane<T>(largest, 1),
        v128.extract_lane<T>(best, 1),
        f64x2.extract_lane(low, 1),
        result,
      );
    if (sizeof<T>() == 4) {
      if (i + 2 < rows)
        addRecord<T>(
          column + bytes<T>(2),
          scoresRow,
          labelOf(labels, rowNumbers, i + 2),
          v128.extract_lane<T>(largest, 2),
          v128.extract_lane<T>(best, 2),
          f64x2.extract_lane(high, 0),
          result,
        );
      if (i + 3 < rows)
        addRecord<T>(
          column + bytes<T>(3),
          scoresRow,
          labelOf(labels, rowNumbers, i + 3),
          v128.extract_lane<T>(largest, 3),
          v128.extract_lane<T>(best, 3),
          f64x2.extract_lane(high, 1),
          result,
        );
    }
  }
}

/** Adds one record, whose scores stand in a column. */
function addRecord<T>(
  column: usize,
  scoresRow: usize,
  label: i32,
  largest: T,
  best: T,
  total: f64,
  result: usize,
): void {
  const d = (load<T>(column + usize(label) * scoresRow) - largest) as T;
  store<f64>(result, load<f64>(result) + (log(total) - f64(d)));
  if (best == (label as T)) store<u32>(result, load<u32>(result, 8) + 1, 8);
}
