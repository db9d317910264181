import { counted, printable } from '../../report/format.js';
import type { VerifiedTrial } from '../../report/verify/verification.js';

/** What came of a trial, for its line of the progress. */
export function inWords(outcome: VerifiedTrial['outcome']): string {
  if ('problem' in outcome) return `not trained: ${printable(outcome.problem.message)}`;
  const { differences, values } = outcome;
  return differences.length === 0 ? 'the same' : `${differences.length} of ${counted(values, 'value')} differ`;
}
