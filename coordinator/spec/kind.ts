import { closest } from '../../proto/closest.js';
import type { TrainerKind } from '../../proto/trainers/index.js';
import type { JsonSchema } from './json-schema.js';
import { LONGEST_COMPARED } from './mismatch.js';
import type { Problems } from './problems.js';
import { checkShape } from './shape.js';
import { quote, textAt, valueAt, type SourceMap } from './source.js';
import { TRAINER_KINDS } from './trainers/index.js';

const KIND: JsonSchema = { type: 'string', enum: TRAINER_KINDS };

/** What the trial's kind names; where it names nothing, what it likely means, so that its other settings are checked too. */
export function trainerKind(root: SourceMap): TrainerKind {
  const word = textAt(root, 'trial', 'kind') ?? '';
  const meant = TRAINER_KINDS.find((kind) => kind === word) ?? closest(word.slice(0, LONGEST_COMPARED), TRAINER_KINDS);
  return (meant as TrainerKind | undefined) ?? TRAINER_KINDS[0] ?? 'two-layer';
}

/** The kind is one that there is, and the same in every round: rounds are ranked by one metric, and carry what others trained. */
export function checkKinds(root: SourceMap, kind: TrainerKind, problems: Problems): void {
  const written = valueAt(root, ['trial', 'kind']);
  if (written !== undefined) checkShape(written, KIND, 'trial.kind', problems);
  const rounds = valueAt(root, ['rounds']);
  for (const round of rounds?.kind === 'list' ? rounds.items : []) {
    const own = valueAt(round, ['trial', 'kind']);
    if (own?.kind !== 'scalar' || own.value === kind) continue;
    problems.blame(own, {
      rule: 'unknown-value',
      message: `trial.kind of a round must be the search's own, ${kind}, not ${quote(own.text)}`,
      suggestion: "leave kind out here; another kind's trials are another search",
    });
  }
}
