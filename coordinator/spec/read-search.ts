import type { DatasetInfo } from '../../proto/datasets.js';
import type { SearchSpec } from '../../proto/domain.js';
import { checkFit } from './fit.js';
import { checkKinds, trainerKind } from './kind.js';
import { checkMetric, checkMetricEvaluated } from './metric.js';
import type { ParameterDraft } from './parameter-draft.js';
import { readParameters } from './parameters.js';
import { checkOverlaps, checkPaths } from './paths.js';
import { Problems } from './problems.js';
import { resolveSearch } from './resolve.js';
import { checkRounds } from './round-rules.js';
import { draftRounds, mapAt } from './rounds.js';
import { searchJsonSchema, searchJsonSchemaWithSeed, type SearchPart } from './search-schema.js';
import { checkShape, soundPart, type Hints } from './shape.js';
import { valueAt, type SourceMap } from './source.js';
import { spacesOf } from './spaces.js';
import { trainerRules } from './trainers/index.js';
import type { TrainerRules } from './trainers/trainer-rules.js';
import { checkTrials } from './trials.js';
import { mendOfKey, mendOfMethod } from './wandb.js';
import { readYaml } from './yaml.js';

export interface ReadOptions {
  seed: number | undefined;
  datasets: ReadonlyMap<string, DatasetInfo>;
}

export interface ReadSearch {
  spec: SearchSpec;
  datasetNames: Set<string>;
}

/**
 * The whole way from text to specification: text -> tree -> shape -> parameters and rounds -> trials -> meaning of the whole.
 * Each step goes on with what the one before has left sound.
 *
 * @returns undefined unless `problems` is empty
 */
export function readSearch(text: string, options: ReadOptions, problems: Problems): ReadSearch | undefined {
  const root = readYaml(text, problems);
  if (root === undefined) return undefined;
  const kind = trainerKind(root);
  const trainer: TrainerRules = trainerRules[kind];
  const schema = options.seed === undefined ? searchJsonSchemaWithSeed : searchJsonSchema;
  checkKinds(root, kind, problems);
  checkShape(root, schema, '', problems, hintsFor(trainer));
  const part = (soundPart(root, searchJsonSchema, problems) ?? {}) as SearchPart;
  const seed = checkSeeds(root, part, options, problems);

  const definitions = mapAt(root, 'parameters', problems);
  const shared = definitions === undefined ? new Map<string, ParameterDraft>() : readParameters(definitions, problems);
  const rounds = draftRounds(root, part, shared, trainer, problems);
  const drafts = new Set([...shared.values(), ...rounds.flatMap(({ own }) => [...own.values()])]);
  const settings = checkPaths(drafts, trainer.schema, problems);
  for (const [draft, setting] of settings) checkFit(draft, setting, problems);
  for (const round of rounds) checkOverlaps(round.parameters, settings, problems);

  // Settings as written, also those that no trial is left with because rounds or parameters replace them.
  checkFragments([root, ...rounds.map(({ map }) => map)], trainer, problems);
  const metric = checkMetric(root, part, trainer.metrics, problems);
  const spaces = spacesOf(rounds, settings, problems);
  const { datasets } = options;
  const hasTrial = mapAt(root, 'trial', problems) !== undefined;
  const facts = hasTrial ? checkTrials({ rounds, spaces, trainer, datasets, metric: metric?.name }, problems) : [];
  checkRounds(rounds, part.seeds?.length ?? part.repeats ?? 1, problems);
  if (metric !== undefined) checkMetricEvaluated(root, metric, rounds, facts, trainer.metrics, problems);

  if (problems.found.length > 0 || seed === undefined || metric === undefined) return undefined;
  const spec = resolveSearch({ part, seed, metric, kind, shared, rounds, spaces });
  return { spec, datasetNames: new Set(facts.flatMap(({ datasetNames }) => [...datasetNames])) };
}

/** Keys and words that stand elsewhere or are W&B's. */
function hintsFor(trainer: TrainerRules): Hints {
  const settings = new Set(Object.keys(trainer.schema.properties ?? {}));
  return {
    unknownKey(path) {
      const key = path.replace(/^rounds\[\d+\]\./, '');
      const known = path === key ? mendOfKey(key) : undefined;
      return known ?? (settings.has(key) ? `move it into trial: {${key}: ...}` : undefined);
    },
    unknownValue: (path, word) => (/(?:^|\.)method$/.test(path) ? mendOfMethod(word) : undefined),
  };
}

function checkFragments(holders: readonly SourceMap[], trainer: TrainerRules, problems: Problems): void {
  for (const holder of new Set(holders)) {
    const trial = mapAt(holder, 'trial', problems);
    if (trial === undefined) continue;
    const local = new Problems(problems);
    checkShape(trial, trainer.schema, 'trial', local);
    // What a fragment lacks, others may give.
    for (const found of local.found) if (found.about === undefined) problems.add(found);
  }
}

/** @returns the search's seed, undefined when there is none */
function checkSeeds(root: SourceMap, part: SearchPart, options: ReadOptions, problems: Problems): number | undefined {
  const repeats = root.entries.get('repeats');
  if (repeats !== undefined && root.entries.has('seeds')) {
    const message = 'seeds and repeats both say how often a configuration is trained';
    problems.add({ rule: 'one-of-several', message, offset: repeats.keyOffset, suggestion: 'keep one of them' });
  }
  const seeds = valueAt(root, ['seeds']);
  const seen = new Set<unknown>();
  for (const item of seeds?.kind === 'list' ? seeds.items : []) {
    if (item.kind !== 'scalar' || problems.isFlawed(item)) continue;
    if (seen.has(item.value)) {
      const message = `seeds: ${item.text} is listed twice, and would give the same results twice`;
      problems.add({ rule: 'duplicate-seed', message, offset: item.offset, suggestion: 'give different seeds' });
    }
    seen.add(item.value);
  }
  return options.seed ?? part.seed;
}
