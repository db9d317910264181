import { closest } from '../../proto/closest.js';
import type { Distribution } from '../../proto/domain.js';
import { isNumeric } from '../search/distribution.js';
import { LONGEST_COMPARED } from './mismatch.js';
import type { Problems } from './problems.js';
import type { RoundDraft } from './rounds.js';
import { quote, valueAt } from './source.js';

/**
 * The second pass over a round's `narrow`.
 *
 * @param there configurations of the round before, where known
 */
export function checkNarrow(
  round: RoundDraft,
  before: RoundDraft | undefined,
  there: number | undefined,
  problems: Problems,
): void {
  const entry = round.map.entries.get('narrow');
  if (entry?.value.kind !== 'map' || problems.isFlawed(entry.value)) return;
  const { label } = round;
  if (round.index === 0) {
    const message = `${label} is the first: there is nothing to narrow by`;
    problems.add({ rule: 'first-round', message, offset: entry.keyOffset, suggestion: 'remove narrow' });
    return;
  }
  const given = ['between', 'around'].filter((key) => entry.value.kind === 'map' && entry.value.entries.has(key));
  if (given.length !== 1) {
    const message =
      given.length === 0
        ? `narrow of ${label} needs between or around`
        : `narrow of ${label} gives between and around, which exclude each other`;
    problems.add({
      rule: 'one-of-several',
      message,
      offset: entry.keyOffset,
      suggestion: 'write narrow: {between: {best: 2}}',
    });
  }
  if (round.method === 'none') {
    const message = `${label} draws nothing, so there is nothing to narrow for`;
    problems.add({
      rule: 'narrow-without-range',
      message,
      offset: entry.keyOffset,
      suggestion: 'remove narrow, or add method: random, trials: 8',
    });
  }
  const { narrow } = round;
  if (narrow !== undefined && there !== undefined && before !== undefined && narrow.best > there) {
    problems.add({
      rule: 'more-than-there-are',
      message: `${label} narrows by the best ${narrow.best}, but ${before.label} has ${there} configuration${there === 1 ? '' : 's'}`,
      offset: valueAt(entry.value, [narrow.kind, 'best'])?.offset ?? entry.keyOffset,
      suggestion: there < 2 ? `give ${before.label} more trials` : `narrow by at most ${there}`,
    });
  }
  checkNarrowed(round, before, entry.keyOffset, problems);
}

/** What is narrowed must be drawn from a range here and have had several numbers in the round before. */
function checkNarrowed(round: RoundDraft, before: RoundDraft | undefined, offset: number, problems: Problems): void {
  const named = valueAt(round.map, ['narrow', 'parameters']);
  if (named === undefined) {
    const open = [...round.parameters.values()].some(({ name, distribution }) => {
      const former = before?.parameters.get(name);
      return (
        distribution === undefined ||
        (isNumeric(distribution) && former !== undefined && former.distribution?.distribution !== 'constant')
      );
    });
    if (open || round.method === 'none') return;
    const message = `${round.label} has no parameter with a range to narrow that the round before varied`;
    problems.add({
      rule: 'narrow-without-range',
      message,
      offset,
      suggestion: 'remove narrow, or give a parameter min and max',
    });
    return;
  }
  if (named.kind !== 'list') return;
  for (const item of named.items) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || problems.isFlawed(item)) continue;
    const name = item.value;
    const draft = round.parameters.get(name);
    const former = before?.parameters.get(name);
    if (draft === undefined) {
      const meant = closest(name.slice(0, LONGEST_COMPARED), round.parameters.keys());
      const suggestion =
        meant === undefined ? `parameters are ${[...round.parameters.keys()].join(', ')}` : `did you mean ${meant}?`;
      problems.add({
        rule: 'unknown-value',
        message: `narrow.parameters: there is no parameter ${quote(name)}`,
        offset: item.offset,
        suggestion,
      });
    } else if (draft.distribution !== undefined && !isNumeric(draft.distribution)) {
      const message = `narrow.parameters: ${name} is ${draft.distribution.distribution} and has no range to narrow`;
      problems.add({
        rule: 'narrow-without-range',
        message,
        offset: item.offset,
        suggestion: 'name parameters with min and max',
      });
    } else if (before !== undefined && !varied(former?.distribution, former !== undefined)) {
      const message = `narrow.parameters: ${name} has no different numbers in ${before.label} to narrow by`;
      problems.add({
        rule: 'new-parameter',
        message,
        offset: item.offset,
        suggestion: `leave it out, or vary it in ${before.label}`,
      });
    }
  }
}

/** Whether values of a parameter can differ and be numbers; yes while its definition is unknown. */
function varied(distribution: Distribution | undefined, exists: boolean): boolean {
  if (distribution === undefined) return exists;
  if (distribution.distribution !== 'categorical') return distribution.distribution !== 'constant';
  return distribution.values.filter((value) => typeof value === 'number').length > 1;
}
