import type { Interval } from '../../proto/domain.js';
import { isNumeric } from '../search/distribution.js';
import type { JsonSchema } from './json-schema.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { Problems } from './problems.js';
import { standFor, widest, type Space, type Stand } from './reach.js';
import type { RoundDraft } from './rounds.js';
import type { SourceScalar } from './source.js';

/**
 * For each round the spaces that its configurations come from: its own, unless it draws none, and those of the rounds before that
 * it may carry from. Intervals go from round to round as coordinator/search/space.ts hands them on, each at its widest.
 *
 * @param settings what each parameter's setting takes; others feed nothing and are left out
 */
export function spacesOf(
  rounds: readonly RoundDraft[],
  settings: ReadonlyMap<ParameterDraft, JsonSchema>,
  problems: Problems,
): Space[][] {
  const handedOn = new Map<string, { distribution: string; interval: Interval }>();
  let former: Space[] = [];
  return rounds.map((round) => {
    const space = new Map<string, Stand>();
    /** They come into carried configurations that lack them, see coordinator/search/carry.ts. */
    const constants = new Map<string, Stand>();
    for (const [name, draft] of round.parameters) {
      if (!settings.has(draft)) continue;
      const reach = reachOf(round, draft, handedOn, problems);
      if (reach !== undefined && draft.distribution !== undefined && round.method !== 'none') {
        handedOn.set(name, { distribution: draft.distribution.distribution, interval: reach });
      }
      const stand = standFor(draft, reach, round.method === 'grid');
      space.set(name, stand.length > 0 ? stand : [unknownValue(draft, problems)]);
      if (draft.distribution?.distribution === 'constant') constants.set(name, stand);
    }
    const carried = round.map.entries.has('carry') ? former.map((one) => new Map([...constants, ...one])) : [];
    former = round.method === 'none' && carried.length > 0 ? carried : [space, ...carried];
    return former;
  });
}

function reachOf(
  { own, map, narrow, label }: RoundDraft,
  { name, distribution, keyOffset }: ParameterDraft,
  handedOn: ReadonlyMap<string, { distribution: string; interval: Interval }>,
  problems: Problems,
): Interval | undefined {
  if (distribution === undefined || !isNumeric(distribution)) return undefined;
  const { min, max } = distribution;
  const inherited = handedOn.get(name);
  const before = inherited?.distribution === distribution.distribution ? inherited.interval : undefined;
  const named = narrow?.parameters?.includes(name) ?? true;
  if (map.entries.has('narrow') && named) {
    const wide = widest(distribution, before ?? { min, max }, narrow);
    if (!own.has(name)) return wide;
    const inside = { min: Math.max(min, wide.min), max: Math.min(max, wide.max) };
    if (inside.min < inside.max || before === undefined) return inside.min < inside.max ? inside : { min, max };
    problems.add({
      rule: 'narrow-without-range',
      message: `${label} narrows ${name} within its own ${min} to ${max}, but the rounds before draw from ${wide.min} to ${wide.max}`,
      offset: keyOffset,
      suggestion: `leave ${name} out of narrow.parameters, or let the ranges overlap`,
    });
    return { min, max };
  }
  return own.has(name) || before === undefined ? { min, max } : before;
}

/** Stands for the value of a parameter whose definition is told of already: the setting is there, and nothing is known of it. */
function unknownValue({ keyOffset }: ParameterDraft, problems: Problems): SourceScalar {
  const value: SourceScalar = { kind: 'scalar', value: null, text: '', quoted: false, offset: keyOffset };
  problems.markFlawed(value);
  return value;
}
