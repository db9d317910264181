import { exp, log } from '../../../proto/numeric/index.js';
import type { Evaluation } from '../kernel.js';
import type { Round } from './arithmetic.js';
import type { Values } from '../workspace.js';

/**
 * The first largest of a row of scores: class 0 unless a later one is greater than all before. Comparisons with NaN are
 * false.
 */
function firstLargest(scores: Values): number {
  let best = 0;
  for (let j = 1; j < scores.length; j++) if ((scores[j] as number) > (scores[best] as number)) best = j;
  return best;
}

/**
 * The gradient of the mean cross entropy by the scores: (softmax(scores) - one-hot label) / rows.
 */
export function softmaxGradient(
  rows: number,
  classes: number,
  scores: Values, // [rows, classes]
  labels: Uint8Array, // [rows]
  gradient: Values, // [rows, classes], written
  round: Round,
): void {
  for (let i = 0; i < rows; i++) {
    const si = scores.subarray(i * classes, (i + 1) * classes);
    const gi = gradient.subarray(i * classes, (i + 1) * classes);
    const largest = si[firstLargest(si)] as number;
    let total = 0;
    for (let j = 0; j < classes; j++) {
      const e = round(exp(round((si[j] as number) - largest)));
      gi[j] = e;
      total = round(total + e);
    }
    for (let j = 0; j < classes; j++) {
      const p = round((gi[j] as number) / total);
      gi[j] = round(round(p - (j === labels[i] ? 1 : 0)) / rows);
    }
  }
}

/** Adds a block of rows to an evaluation: log of the sum of exponentials minus the label's score, in float64. */
export function addToEvaluation(
  evaluation: Evaluation,
  rows: number,
  classes: number,
  scores: Values, // [rows, classes]
  labels: Uint8Array, // [rows]
  round: Round,
): void {
  for (let i = 0; i < rows; i++) {
    const si = scores.subarray(i * classes, (i + 1) * classes);
    const label = labels[i] as number;
    const best = firstLargest(si);
    const largest = si[best] as number;
    let total = 0;
    for (let j = 0; j < classes; j++) total += exp(round((si[j] as number) - largest));
    evaluation.lossSum += log(total) - round((si[label] as number) - largest);
    if (best === label) evaluation.correct++;
  }
}
