import type { z } from 'zod';
import { VernierError } from '../../proto/errors.js';
import { trainerSchema, trainerSchemas, type TrainerKind, type TrialConfig } from '../../proto/trainers/index.js';
import type { Trainer } from './trainer.js';
import { twoLayerTrainer } from './two-layer.js';

/** What a trial can run: one file a kind. */
const trainers: { [Kind in TrainerKind]: Trainer<z.output<(typeof trainerSchemas)[Kind]>> } = {
  'two-layer': twoLayerTrainer,
};

/** The trainer of a configuration's kind. */
export function trainerOf(config: TrialConfig): Trainer<TrialConfig> {
  return trainers[config.kind];
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
