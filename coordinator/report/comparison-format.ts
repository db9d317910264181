import type { Comparison } from './papers/comparisons.js';

/** Numbers of a paper beside ours, as tables print them. */

/** Where there is nothing to print. */
const ABSENT = '–';

const ACCURACY_DECIMALS = 2;
const DECIMALS = 4;
/** As the paper prints its tables of gradients: 4.415e-8. */
const DEVIATION_DIGITS = 4;

/** Units of comparisons, and costs and losses. */
type Unit = Comparison['unit'] | 'cost';

export function formatCompared(unit: Unit, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return ABSENT;
  if (unit === 'accuracy') return `${(value * 100).toFixed(ACCURACY_DECIMALS)} %`;
  return unit === 'deviation' ? formatDeviation(value) : minus(value.toFixed(DECIMALS));
}

/** Ours less the paper's: accuracies in points. */
export function formatDifference(unit: Unit, paper: number | undefined, ours: number): string {
  const difference = ours - (paper ?? NaN);
  if (Number.isNaN(difference)) return ABSENT;
  if (unit === 'accuracy') return signed((difference * 100).toFixed(ACCURACY_DECIMALS));
  return signed(unit === 'deviation' ? formatDeviation(difference) : difference.toFixed(DECIMALS));
}

export function formatDeviation(value: number): string {
  if (Number.isNaN(value)) return ABSENT;
  return value === 0 ? '0' : value.toExponential(DEVIATION_DIGITS - 1);
}

/** How many times the paper's: `1.02`, `0.310`, `6e5`. */
export function formatRatio(paper: number, ours: number): string {
  const ratio = ours / paper;
  if (!Number.isFinite(ratio)) return ABSENT;
  if (ratio === 0) return '0';
  return ratio >= 0.01 && ratio < 100 ? ratio.toPrecision(3) : ratio.toExponential(0).replace('+', '');
}

/** A minus as it is printed in text, which a number that is to be copied has not. */
function minus(number: string): string {
  return number.replace(/^-/, '−');
}

function signed(number: string): string {
  if (Number(number) === 0) return number.replace(/^-/, '');
  return Number(number) > 0 ? `+${number}` : minus(number);
}
