import { VernierError } from '../../proto/errors.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { trialStateFromWire } from '../../proto/wire.js';
import { metricOf } from '../report/detail.js';
import { printable } from '../report/format.js';
import { roundRows } from '../report/round-rows.js';

export interface PickedTrial {
  round: RoundDetail__Output;
  trial: TrialDetail__Output;
}

/**
 * The trial that --round and --trial name: that number; or the round's best; or the search's best.
 *
 * @throws VernierError TRIAL_NOT_FOUND, WEIGHTS_UNAVAILABLE when it did not complete
 */
export function pickTrial(
  detail: Pick<SearchDetail__Output, 'rounds' | 'best' | 'specJson'>,
  wanted: { round?: string; trial?: number },
): PickedTrial {
  const rounds = wanted.round === undefined ? detail.rounds : [roundNamed(detail.rounds, wanted.round)];
  const number = wanted.trial ?? bestNumber(detail, wanted.round === undefined ? undefined : rounds[0]);
  for (const round of rounds) {
    const trial = round.trials.find((candidate) => candidate.number === number);
    if (trial === undefined) continue;
    requireCompletedTrial(trial);
    return { round, trial };
  }
  const where = wanted.round === undefined ? 'the search' : `round ${printable(wanted.round)}`;
  throw notFound(`${where} has no trial ${number}`, `it has ${trialRange(rounds)}`);
}

function roundNamed(rounds: readonly RoundDetail__Output[], name: string): RoundDetail__Output {
  const found = rounds.find((round) => round.name === name);
  if (found !== undefined) return found;
  const names = rounds.map((round) => printable(round.name)).join(', ');
  throw notFound(`the search has no round ${printable(name)}`, `it has ${names || 'none yet'}`);
}

/** Of repeats, the first. */
function bestNumber(
  detail: Pick<SearchDetail__Output, 'best' | 'specJson'>,
  round: RoundDetail__Output | undefined,
): number {
  const metric = metricOf(detail);
  const number = round === undefined ? detail.best?.number : roundRows(round, metric, 1).best[0]?.numbers[0];
  if (number !== undefined) return number;
  const where = round === undefined ? '' : ` of round ${printable(round.name)}`;
  throw notFound(
    `no trial${where} has a finite ${metric.name}`,
    'a completed trial of the search can be named by --trial',
  );
}

function trialRange(rounds: readonly RoundDetail__Output[]): string {
  const numbers = rounds.flatMap(({ trials }) => trials.map(({ number }) => number));
  return numbers.length === 0 ? 'none yet' : `trials ${Math.min(...numbers)} to ${Math.max(...numbers)}`;
}

function requireCompletedTrial({ number, state }: TrialDetail__Output): void {
  const known = trialStateFromWire(state);
  if (known === 'completed') return;
  const how: Record<string, string> = { pending: 'has not run yet', leased: 'is running', diverged: 'diverged' };
  throw new VernierError(
    'WEIGHTS_UNAVAILABLE',
    `trial ${number} ${how[known] ?? `was ${known}`}: only completed trials have weights`,
    { mend: 'leave --trial out for the best one' },
  );
}

function notFound(message: string, mend: string): VernierError {
  return new VernierError('TRIAL_NOT_FOUND', message, { mend });
}
