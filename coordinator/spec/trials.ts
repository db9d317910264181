import type { DatasetInfo } from '../../proto/datasets.js';
import { bindSource } from './merge.js';
import { Problems, type Found } from './problems.js';
import { configurationsOf, type Space } from './reach.js';
import type { RoundDraft } from './rounds.js';
import { checkShape, soundPart } from './shape.js';
import { valueAt, type SourceMap, type SourceScalar, type SourceValue } from './source.js';
import type { TrainerRules, TrialMistake } from './trainers/trainer-rules.js';

/** What the trials of a round turned out to be. */
export interface TrialFacts {
  /** Why some of them do not have the metric; undefined when all have it. */
  lacks: string | undefined;
  /** Data sets that they read. */
  datasetNames: ReadonlySet<string>;
}

export interface TrialsInput {
  rounds: readonly RoundDraft[];
  /** Of each round, see spacesOf. */
  spaces: readonly (readonly Space[])[];
  trainer: TrainerRules;
  datasets: ReadonlyMap<string, DatasetInfo>;
  /** Undefined while unknown. */
  metric: string | undefined;
}

/** Trials looked at, shared out among the rounds: what checking may cost. What it then leaves unseen, the worker refuses. */
const MOST_TRIALS = 20_000;

/** Both passes over the trials that each round can have: its settings with parameters at the ends of their ranges. */
export function checkTrials(input: TrialsInput, problems: Problems): TrialFacts[] {
  const share = Math.ceil(MOST_TRIALS / Math.max(1, input.rounds.length));
  const absences = new Map<string, { round: RoundDraft; absence: Found }[]>();
  const facts = input.rounds.map((round, index): TrialFacts => {
    const local = new Problems(problems);
    let lacks: string | undefined;
    const datasetNames = new Set<string>();
    let left = share;
    for (const space of new Set(input.spaces[index])) {
      for (const configuration of configurationsOf(space)) {
        if (left-- <= 0) break;
        const config = checkTrial(input, round, configuration, local);
        if (input.metric !== undefined) lacks ??= input.trainer.lacks(config, input.metric);
        for (const name of input.trainer.datasetsOf(config)) datasetNames.add(name);
      }
    }
    for (const found of local.found) {
      const { about } = found;
      if (about === undefined) problems.add(found);
      else absences.set(about, [...(absences.get(about) ?? []), { round, absence: found }]);
    }
    return { lacks, datasetNames };
  });
  tellAbsences(absences, input.rounds, problems);
  return facts;
}

/** @returns what is sound of the trial's settings */
function checkTrial(
  { trainer, datasets }: TrialsInput,
  round: RoundDraft,
  configuration: ReadonlyMap<string, SourceScalar>,
  problems: Problems,
): unknown {
  const trial = bindSource(round.trial, configuration);
  checkShape(trial, trainer.schema, 'trial', problems);
  const config = soundPart(trial, trainer.schema, problems);
  const bound = new Set<SourceValue>(configuration.values());
  trainer.check({
    config,
    datasets,
    gives: (path) => valueAt(trial, path.split('.')) !== undefined,
    report: (mistake) => problems.add(placed(mistake, trial, round, bound)),
  });
  return config;
}

/** A mistake told at the setting that a parameter feeds, else at one the round itself gives, else at the first that is given. */
function placed(
  { paths, ...mistake }: TrialMistake,
  trial: SourceMap,
  round: RoundDraft,
  bound: ReadonlySet<SourceValue>,
): Found {
  const given = paths.map((path) => valueAt(trial, path.split('.'))).filter((value) => value !== undefined);
  const at = given.find((value) => bound.has(value)) ?? given.find((value) => round.wrote(value)) ?? given[0];
  if (at === undefined) return { ...mistake, offset: trial.owner, about: mistake.rule };
  const drawn = at.kind === 'scalar' ? at.drawn : undefined;
  // What a round's own setting does to a value written elsewhere is not seen at that value.
  const where = !round.wrote(at) && given.some((value) => round.wrote(value)) ? ` in ${round.label}` : '';
  const note = drawn === undefined ? '' : ` (${drawn.note})`;
  return {
    ...mistake,
    message: `${mistake.message}${where}${note}`,
    suggestion: drawn?.mend ?? mistake.suggestion,
    offset: at.offset,
  };
}

/** What every round lacks is missing from the search's settings, told once; else from the rounds that lack it. */
function tellAbsences(
  absences: ReadonlyMap<string, readonly { round: RoundDraft; absence: Found }[]>,
  rounds: readonly RoundDraft[],
  problems: Problems,
): void {
  for (const lacking of absences.values()) {
    const [first] = lacking;
    if (first !== undefined && lacking.length === rounds.length) {
      problems.add(first.absence);
      continue;
    }
    for (const { round, absence } of lacking) {
      const offset = round.map.entries.get('trial')?.keyOffset ?? round.offset;
      problems.add({ ...absence, message: `${round.label}: ${absence.message}`, offset });
    }
  }
}
