import { VernierError } from '../../proto/errors.js';
import {
  trainerSchema,
  trainerSchemas,
  type DividedConfig,
  type OneThreadConfig,
  type TrainerKind,
  type TrialConfig,
} from '../../proto/trainers/index.js';
import { gradientCheckTrainer } from './gradient-check.js';
import type { DividedTrainer, Trainer } from './trainer.js';
import { twoLayerTrainer } from './two-layer.js';

type ConfigOf<Kind extends TrainerKind> = Extract<TrialConfig, { kind: Kind }>;

/** What a trial can run in one thread: one file a kind. */
const trainers: { [Kind in OneThreadConfig['kind']]: Trainer<ConfigOf<Kind>> } = {
  'two-layer': twoLayerTrainer,
};

/** What is divided into parts. */
const dividedTrainers: { [Kind in DividedConfig['kind']]: DividedTrainer<ConfigOf<Kind>> } = {
  'gradient-check': gradientCheckTrainer,
};

/** The trainer of a configuration's kind. */
export function trainerOf(config: OneThreadConfig): Trainer<OneThreadConfig> {
  return trainers[config.kind];
}

export function dividedTrainerOf(config: DividedConfig): DividedTrainer<DividedConfig> {
  return dividedTrainers[config.kind];
}

/**
 * Reads a trial's settings as a lease carries them.
 *
 * @param configJson JSON; defaults are filled in
 * @throws VernierError TRIAL_INVALID
 */
export function parseTrialConfig(configJson: string): TrialConfig {
  let raw: unknown;
  try {
    raw = JSON.parse(configJson);
  } catch (cause) {
    throw new VernierError('TRIAL_INVALID', `the trial's settings are not JSON: ${configJson.slice(0, 80)}`, { cause });
  }
  const kind = (raw as { kind?: unknown } | null)?.kind;
  const schema = trainerSchema(kind);
  if (schema === undefined) {
    throw new VernierError('TRIAL_INVALID', `this worker has no trainer of the kind ${JSON.stringify(kind)}`, {
      mend: `it has ${Object.keys(trainerSchemas).join(', ')}; a newer worker may have more`,
    });
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VernierError(
    'TRIAL_INVALID',
    `the trial's setting ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}`,
  );
}
