import type { Json } from '../../../proto/canonical.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../../proto/trainers/two-layer.js';

/**
 * How much training one trial of a round is, in records gone through, so that rounds of different length can be
 * compared. Undefined where parameters decide it, or another trainer's settings are not known here: it serves what
 * progress says and nothing else.
 */
export function trialWork(trial: { [key: string]: Json }): number | undefined {
  const parsed = twoLayerSchema.safeParse({ ...trial, learning_rate: withRates(trial['learning_rate']) });
  return parsed.success ? twoLayerWork(parsed.data) : undefined;
}

/** Rates change no trial's length, and are what searches vary most: where a parameter gives one, any will do. */
function withRates(rate: Json | undefined): Json | undefined {
  if (typeof rate !== 'object' || rate === null || Array.isArray(rate)) return rate;
  return rate['schedule'] === 'triangular' ? { min: 0, max: 0, ...rate } : { value: 0, ...rate };
}

function twoLayerWork({ dataset, batch_size, epochs, cycles, learning_rate }: TwoLayerConfig): number | undefined {
  const stepsPerEpoch = Math.floor(dataset.train / batch_size);
  if (epochs !== undefined) return epochs * stepsPerEpoch * batch_size;
  if (cycles === undefined || learning_rate.schedule !== 'triangular') return undefined;
  const { step_size } = learning_rate;
  const half =
    typeof step_size === 'number'
      ? step_size
      : 'steps' in step_size
        ? step_size.steps
        : step_size.epochs * stepsPerEpoch;
  return cycles * 2 * half * batch_size;
}
