import type { Distribution, Parameters } from '../../proto/domain.js';
import type { RankedConfiguration } from './ranking.js';

/** A configuration on its way from one round to the next. */
export interface CarriedConfiguration {
  parameters: Parameters;
  /** Number of the trial it comes from: its first repeat. */
  from: number;
}

/**
 * The best `count` configurations of the round before, best first (fewer where fewer are ranked), to be trained again with
 * the new round's settings. Their values stay, also where the new round defines a parameter otherwise; a constant that
 * only the new round has is a setting of it like any other and comes in.
 */
export function carry(
  ranked: readonly RankedConfiguration[],
  count: number,
  space: Record<string, Distribution>,
): CarriedConfiguration[] {
  const constants: Parameters = {};
  for (const [name, definition] of Object.entries(space)) {
    if (definition.distribution === 'constant') constants[name] = definition.value;
  }
  return ranked.slice(0, count).map(({ parameters, trials }) => ({
    parameters: { ...constants, ...parameters },
    from: trials[0]?.number ?? 0,
  }));
}
