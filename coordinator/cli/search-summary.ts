import type { RoundSpec, SearchSpec } from '../../proto/domain.js';
import { counted } from '../report/format.js';

/** What a search will do, as far as its file says. */

/** Trials of a round; the most there can be for a grid whose range follows from the round before. */
function trialsOf(spec: SearchSpec, round: RoundSpec): number {
  return (round.trials + (round.carry?.best ?? 0)) * spec.trainingSeeds.length;
}

export function trialsInAll(spec: SearchSpec): number {
  return spec.rounds.reduce((sum, round) => sum + trialsOf(spec, round), 0);
}

/** `8 new at random between the best 2 of coarse, then its best 3 again`. */
export function roundInWords(spec: SearchSpec, index: number): string {
  const round = spec.rounds[index];
  if (round === undefined) return '';
  const before = spec.rounds[index - 1]?.name ?? '';
  const parts: string[] = [];
  const { narrow, carry, method, trials } = round;
  if (carry !== undefined) parts.push(`the best${carry.best === 1 ? '' : ` ${carry.best}`} of ${before} again`);
  if (method !== 'none') {
    const drawn =
      method === 'grid'
        ? `a grid${narrow === undefined ? ` of ${counted(trials, 'point')}` : ''}`
        : `${trials} at random`;
    parts.push(narrow === undefined ? drawn : `${drawn} ${narrowInWords(narrow, before)}`);
  }
  const repeats = spec.trainingSeeds.length;
  return `${parts.join(', and ')}${repeats > 1 ? `, each with ${repeats} training seeds` : ''}`;
}

function narrowInWords(
  { kind, best, margin, widen, parameters }: NonNullable<RoundSpec['narrow']>,
  before: string,
): string {
  const where = kind === 'between' ? 'between' : 'around';
  const more = kind === 'around' && margin > 0 ? `, ${Number((margin * 100).toPrecision(3))} % wider` : '';
  const edge = widen ? ', beyond the edge where the best lies on it' : '';
  const which = parameters === undefined ? '' : ` (${parameters.join(', ')} only)`;
  return `${where} the best ${best} of ${before}${more}${edge}${which}`;
}
