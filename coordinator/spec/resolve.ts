import type { Json } from '../../proto/canonical.js';
import type { Metric, RoundSpec, SearchSpec } from '../../proto/domain.js';
import { trainingSeed } from '../../proto/seed.js';
import { trainerSchemas, type TrainerKind } from '../../proto/trainers/index.js';
import { bindSource } from './merge.js';
import type { ParameterDraft } from './parameter-draft.js';
import { configurationsOf, type Space } from './reach.js';
import { newConfigurations } from './round-rules.js';
import type { RoundDraft } from './rounds.js';
import { DEFAULT_RETRIES, type SearchPart } from './search-schema.js';
import { toJson, valueAt, type SourceMap, type SourceValue } from './source.js';

type Settings = { [key: string]: Json };

/** A sound file as the specification it stands for: everything filled in, nothing left of how it was written. */
export interface SoundSearch {
  part: SearchPart;
  seed: number;
  metric: Metric;
  kind: TrainerKind;
  shared: ReadonlyMap<string, ParameterDraft>;
  rounds: readonly RoundDraft[];
  spaces: readonly (readonly Space[])[];
}

export function resolveSearch({ part, seed, metric, kind, shared, rounds, spaces }: SoundSearch): SearchSpec {
  const repeats = Array.from({ length: part.repeats ?? 1 }, (_, repeat) => trainingSeed(seed, repeat));
  return {
    name: part.name ?? '',
    ...(part.description === undefined ? {} : { description: part.description }),
    seed,
    metric,
    parameters: distributionsOf(shared),
    rounds: rounds.map((round, index) => resolveRound(round, spaces[index] ?? [], kind)),
    trainingSeeds: part.seeds ?? repeats,
    keepWeights: part.keep_weights ?? 'best',
    retries: part.retries ?? DEFAULT_RETRIES,
    onFailure: part.on_failure ?? 'stop',
  };
}

function resolveRound(round: RoundDraft, spaces: readonly Space[], kind: TrainerKind): RoundSpec {
  const { name = '', method = 'none', narrow, carry } = round;
  return {
    name,
    method,
    trials: method === 'none' ? 0 : (newConfigurations(round) ?? 0),
    ...(narrow === undefined ? {} : { narrow }),
    ...(carry === undefined ? {} : { carry: { best: carry } }),
    trial: resolveTrial(round.trial, spaces, kind),
    parameters: distributionsOf(round.own),
  };
}

function distributionsOf(drafts: ReadonlyMap<string, ParameterDraft>): SearchSpec['parameters'] {
  return Object.fromEntries(
    [...drafts.values()].flatMap(({ name, distribution }) =>
      distribution === undefined ? [] : [[name, distribution]],
    ),
  );
}

/**
 * A round's settings with the trainer's defaults, parameters not bound. Defaults can only be filled into settings that are
 * complete, so a configuration is bound for the while and taken out again.
 */
function resolveTrial(trial: SourceMap, [space]: readonly Space[], kind: TrainerKind): Settings {
  const [configuration] = space === undefined ? [] : configurationsOf(space);
  if (configuration === undefined) return toJson(trial) as Settings;
  let settings = trainerSchemas[kind].parse(toJson(bindSource(trial, configuration))) as Settings;
  for (const path of configuration.keys()) settings = unbind(settings, path.split('.'), trial);
  return settings;
}

/** Takes a bound value out again: what the file itself gives there comes back, else there is nothing. */
function unbind(
  settings: Settings,
  [key = '', ...rest]: readonly string[],
  original: SourceValue | undefined,
): Settings {
  const written = valueAt(original, [key]);
  if (rest.length === 0 || written?.kind === 'scalar' || written?.kind === 'list') {
    const { [key]: _taken, ...others } = settings;
    return written === undefined ? others : { ...others, [key]: toJson(written) };
  }
  const inner = settings[key];
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return settings;
  return { ...settings, [key]: unbind(inner, rest, written) };
}
