import { counted, formatMetric, formatNumber, printable } from '../../report/format.js';
import { assignments } from '../../report/round-table.js';
import { roughDuration } from './format.js';
import type { ProgressState, RoundProgress } from './state.js';

/** Lines about finished trials that a round writes at most. */
const MAX_LINES_A_ROUND = 20;

/** What was told already. */
export interface Told {
  /** Of each round: undefined before its start was told, then its finished trials. */
  rounds: readonly (number | undefined)[];
  message: string;
}

export const NOTHING_TOLD: Told = { rounds: [], message: '' };

/** What needs no telling: rounds that had ended before. */
export function toldBefore({ rounds }: Pick<ProgressState, 'rounds'>): Told {
  return { rounds: rounds.map(({ state, trialsDone }) => (state === 'closed' ? trialsDone : undefined)), message: '' };
}

/** How far the search is. */
export interface Standing {
  /** Of its whole work, 0 to 1. */
  doneShare: number;
  leftMs: number | undefined;
}

/**
 * Progress for files and pipes: a line at each round's start and at each finished trial, or at every n-th where a
 * round has many. Nothing is told twice.
 */
export function plainLines(state: ProgressState, told: Told, standing: Standing): { lines: string[]; told: Told } {
  const lines: string[] = [];
  const rounds = state.rounds.map((round, index) => {
    const before = told.rounds[index];
    if (round.state === 'waiting') return before;
    if (before === undefined) lines.push(roundStart(round));
    const toldDone = before ?? 0;
    const every = Math.ceil(round.trialsTotal / MAX_LINES_A_ROUND);
    const news = round.trialsDone - toldDone;
    const isLast = round.trialsDone === round.trialsTotal;
    if (news === 0 || (news < every && !isLast)) return toldDone;
    lines.push(trialsLine(round, state, standing));
    return round.trialsDone;
  });
  const { message } = state.search;
  if (message !== '' && message !== told.message) lines.push(printable(message));
  return { lines, told: { rounds, message } };
}

function roundStart({ name, trialsTotal: total, interval }: RoundProgress): string {
  const from = Object.entries(interval).map(
    ([parameter, { min, max }]) => `, ${printable(parameter)} ${formatNumber(min)} to ${formatNumber(max)}`,
  );
  return `round ${printable(name)}: ${counted(total, 'trial')}${from.join('')}`;
}

function trialsLine(round: RoundProgress, state: ProgressState, { doneShare, leftMs }: Standing): string {
  const percent = Math.floor(100 * doneShare);
  const best =
    state.best === undefined
      ? ''
      : `; best ${state.metric} ${formatMetric(state.metric, state.best.score)}, ${[`trial ${state.best.trial}`, assignments(state.best.parameters)].filter(Boolean).join(', ')}`;
  const lost = round.trialsLost > 0 ? ` (${round.trialsLost} without result)` : '';
  const left = leftMs === undefined || state.search.state !== 'running' ? '' : `; ${roughDuration(leftMs)} left`;
  return `${printable(round.name)}: ${round.trialsDone}/${round.trialsTotal} trials${lost}, ${percent}% of all${best}${left}`;
}
