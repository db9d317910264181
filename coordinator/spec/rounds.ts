import type { Narrow } from '../../proto/domain.js';
import { mergeTrial } from './merge.js';
import type { ParameterDraft } from './parameter-draft.js';
import { readParameters } from './parameters.js';
import type { Problems } from './problems.js';
import { DEFAULT_MARGIN, roundSchema, type RoundPart, type SearchPart } from './search-schema.js';
import { jsonSchemaOf } from './json-schema.js';
import { soundPart } from './shape.js';
import { valueAt, type SourceMap, type SourceValue } from './source.js';
import type { TrainerRules } from './trainers/trainer-rules.js';

/** A round as far as it is sound, its settings merged. What is undefined was missing or is told of already. */
export interface RoundDraft {
  index: number;
  name: string | undefined;
  /** What messages call it. */
  label: string;
  /** Where it begins. */
  offset: number;
  /** Its own keys; the whole file's where the search is one round without a list of rounds. */
  map: SourceMap;
  method: 'random' | 'grid' | 'none' | undefined;
  /** New configurations asked for. */
  trials: number | undefined;
  narrow: Narrow | undefined;
  carry: number | undefined;
  /** The round's own definitions, and those over the search's. */
  own: Map<string, ParameterDraft>;
  parameters: Map<string, ParameterDraft>;
  /** The search's settings with the round's merged over them, nothing bound. */
  trial: SourceMap;
  /** Whether the round itself wrote the value. */
  wrote(value: SourceValue): boolean;
}

/** Name of the round of a file that has no list of rounds. */
const ONLY_ROUND = 'search';

const roundJsonSchema = jsonSchemaOf(roundSchema);

export function draftRounds(
  root: SourceMap,
  part: SearchPart,
  shared: ReadonlyMap<string, ParameterDraft>,
  trainer: TrainerRules,
  problems: Problems,
): RoundDraft[] {
  const trial = mapAt(root, 'trial', problems) ?? emptyMap(root.owner);
  const list = valueAt(root, ['rounds']);
  if (list === undefined) return [onlyRound(root, part, shared, trial)];
  for (const key of ['method', 'trials', 'run_cap']) {
    const entry = root.entries.get(key);
    if (entry === undefined) continue;
    const message = `${key} at the top excludes rounds: each round says its own`;
    problems.add({ rule: 'one-of-several', message, offset: entry.keyOffset, suggestion: `move ${key} into a round` });
  }
  if (list.kind !== 'list' || problems.isFlawed(list)) return [];
  return list.items.flatMap((map, index): RoundDraft[] => {
    if (map.kind !== 'map') return [];
    const round = soundPart(map, roundJsonSchema, problems) as RoundPart;
    const over = mapAt(map, 'trial', problems);
    const ownParameters = mapAt(map, 'parameters', problems);
    const own =
      ownParameters === undefined ? new Map<string, ParameterDraft>() : readParameters(ownParameters, problems);
    const written = new Set(over === undefined ? [] : offsetsIn(over));
    return [
      {
        index,
        name: round.name,
        label: round.name === undefined ? `round ${index + 1}` : `round ${JSON.stringify(round.name)}`,
        offset: map.offset,
        map,
        method: methodOf(map, round),
        trials: round.trials,
        narrow: narrowOf(round),
        carry: round.carry?.best,
        own,
        parameters: new Map([...shared, ...own]),
        trial: over === undefined ? trial : mergeTrial(trial, over, trainer.schema, trainer.exclusive),
        wrote: ({ offset }) => written.has(offset),
      },
    ];
  });
}

function onlyRound(
  root: SourceMap,
  part: SearchPart,
  shared: ReadonlyMap<string, ParameterDraft>,
  trial: SourceMap,
): RoundDraft {
  // Without parameters there is one point, which a grid runs.
  const single =
    !root.entries.has('parameters') && !['method', 'trials', 'run_cap'].some((key) => root.entries.has(key));
  return {
    index: 0,
    name: ONLY_ROUND,
    label: 'the search',
    offset: root.owner,
    map: root,
    method: single ? 'grid' : methodOf(root, { method: part.method, trials: part.trials ?? part.run_cap }),
    trials: part.trials ?? part.run_cap,
    narrow: undefined,
    carry: undefined,
    own: new Map(),
    parameters: new Map(shared),
    trial,
    wrote: () => false,
  };
}

/** `random` where trials are asked for and no method is named; `none` where the round only carries. */
function methodOf(map: SourceMap, round: Pick<RoundPart, 'method' | 'trials'>): RoundDraft['method'] {
  if (map.entries.has('method')) return round.method;
  if (map.entries.has('trials') || map.entries.has('run_cap')) return 'random';
  return map.entries.has('carry') ? 'none' : undefined;
}

/** Undefined unless exactly one kind of narrowing is given and sound. */
function narrowOf({ narrow }: RoundPart): Narrow | undefined {
  if (narrow === undefined || (narrow.between === undefined) === (narrow.around === undefined)) return undefined;
  const kind = narrow.between === undefined ? 'around' : 'between';
  const best = narrow.between?.best ?? narrow.around?.best;
  if (best === undefined) return undefined;
  return {
    kind,
    best,
    margin: kind === 'around' ? (narrow.around?.margin ?? DEFAULT_MARGIN) : 0,
    widen: narrow.widen ?? false,
    ...(narrow.parameters === undefined ? {} : { parameters: [...new Set(narrow.parameters)].sort() }),
  };
}

/** The map at a key, where it is one. */
export function mapAt(map: SourceMap, key: string, problems: Problems): SourceMap | undefined {
  const value = valueAt(map, [key]);
  return value?.kind === 'map' && !problems.isFlawed(value) ? value : undefined;
}

function emptyMap(owner: number): SourceMap {
  return { kind: 'map', entries: new Map(), offset: owner, owner };
}

function offsetsIn(value: SourceValue): number[] {
  if (value.kind === 'scalar') return [value.offset];
  const inner = value.kind === 'list' ? value.items : [...value.entries.values()].map((entry) => entry.value);
  return [value.offset, ...(value.kind === 'map' ? [value.owner] : []), ...inner.flatMap(offsetsIn)];
}
