import type { Distribution, Interval, SearchSpec } from '../../proto/domain.js';
import { isNumeric } from './distribution.js';
import { narrowInterval } from './narrow.js';
import type { RankedConfiguration } from './ranking.js';
import type { FinishedRound, RoundImpossible } from './round.js';

/** What a round draws its configurations from. */
export interface RoundSpace {
  /** Every parameter, sorted by name, with the interval that this round has for it. */
  parameters: Record<string, Distribution>;
  /** Parameters whose interval follows from the rounds before instead of standing in the file. */
  handedOn: ReadonlySet<string>;
}

/**
 * The space of the round after those finished. A numeric parameter's interval is, in this order:
 * narrowed, where the round narrows it; what the round itself defines; what the last round that drew it had; what the
 * search defines. So an interval stays as it was narrowed until a round narrows it again or defines it anew.
 *
 * @param ranked the round before, ranked; not looked at when the round does not narrow
 */
export function roundSpace(
  spec: SearchSpec,
  finished: readonly FinishedRound[],
  ranked: readonly RankedConfiguration[],
): RoundSpace | RoundImpossible {
  const index = finished.length;
  const round = spec.rounds[index];
  const before = finished.at(-1);
  const space: Record<string, Distribution> = {};
  const handedOn = new Set<string>();
  for (const [name, definition] of Object.entries(definitionsOf(spec, index)).sort(byName)) {
    space[name] = definition;
    if (!isNumeric(definition)) continue;
    const own = round?.parameters[name];
    const inherited = inheritedInterval(spec, finished, name, definition);
    if (before !== undefined && round?.narrow !== undefined && isToNarrow(spec, index, name)) {
      const values = ranked.flatMap(({ parameters }) => {
        const value = parameters[name];
        return typeof value === 'number' ? [value] : [];
      });
      const interval = narrowInterval({
        definition,
        former: inherited ?? definition,
        values,
        narrow: round.narrow,
        ...(own !== undefined && isNumeric(own) ? { bounds: { min: own.min, max: own.max } } : {}),
      });
      if ('problem' in interval) {
        return { impossible: cannotNarrow(round.name, name, before, ranked.length, interval.problem) };
      }
      space[name] = { ...definition, ...interval };
      handedOn.add(name);
    } else if (own === undefined && inherited !== undefined) {
      space[name] = { ...definition, ...inherited };
      if (inherited.min !== definition.min || inherited.max !== definition.max) handedOn.add(name);
    }
  }
  return { parameters: space, handedOn };
}

/** The round's own parameter definitions over the search's. */
function definitionsOf(spec: SearchSpec, index: number): Record<string, Distribution> {
  return { ...spec.parameters, ...spec.rounds[index]?.parameters };
}

/** Those the file names, or all that the round before varied: what had one value there has nothing to narrow between. */
function isToNarrow(spec: SearchSpec, index: number, name: string): boolean {
  const named = spec.rounds[index]?.narrow?.parameters;
  if (named !== undefined) return named.includes(name);
  const former = definitionsOf(spec, index - 1)[name];
  return former !== undefined && former.distribution !== 'constant';
}

/** The interval of the last round that drew the parameter, if it drew it from the same kind of distribution. */
function inheritedInterval(
  spec: SearchSpec,
  finished: readonly FinishedRound[],
  name: string,
  { distribution }: Distribution,
): Interval | undefined {
  const drew = finished.findLast(({ interval }) => interval[name] !== undefined);
  if (drew === undefined || definitionsOf(spec, drew.index)[name]?.distribution !== distribution) return undefined;
  return drew.interval[name];
}

function cannotNarrow(
  round: string,
  parameter: string,
  before: FinishedRound,
  ranked: number,
  problem: string,
): string {
  return (
    `round "${round}" cannot narrow ${parameter} by the best of round "${before.name}" (${ranked} ranked): ` +
    `${problem}; give "${before.name}" more trials, or leave ${parameter} out of narrow.parameters`
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
