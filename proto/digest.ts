import { canonicalJson, doubleBits, sha256Hex, type Json } from './canonical.js';
import type { EndedTrialState, EpochMetrics, Metrics, Parameters } from './domain.js';
import { NUMERICS_VERSION } from './versions.js';

export interface DigestTrial {
  number: number;
  parameters: Parameters;
  /** Training seed. */
  seed: number;
  state: EndedTrialState;
  epochs: EpochMetrics[];
  metrics: Metrics;
  weightsSha256: string;
}

/**
 * The result digest of a completed search: SHA-256 over canonical JSON of the numerics version and every trial in
 * trial order (number, parameters, seed, state, the IEEE-754 bits of every metric of every epoch, weight digest). Times,
 * attempts and worker names are left out.
 *
 * @param numericsVersion of the program that ran the trials
 * @returns 64 lower-case hexadecimal digits
 */
export function resultDigest(trials: readonly DigestTrial[], numericsVersion = NUMERICS_VERSION): string {
  const ordered = [...trials].sort((a, b) => a.number - b.number);
  return sha256Hex(
    canonicalJson({
      numericsVersion,
      trials: ordered.map((trial) => ({
        number: trial.number,
        parameters: parameterBits(trial.parameters),
        seed: trial.seed,
        state: trial.state,
        epochs: trial.epochs.map((epoch) => [epoch.epoch, metricBits(epoch.metrics)]),
        metrics: metricBits(trial.metrics),
        weights: trial.weightsSha256,
      })),
    }),
  );
}

function metricBits(metrics: Metrics): Json {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
}

/** Numbers by their bits, the rest tagged by type, so that 1 and "1" differ. */
function parameterBits(parameters: Parameters): Json {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'number' ? ['bits', doubleBits(value)] : ['value', value],
    ]),
  );
}
