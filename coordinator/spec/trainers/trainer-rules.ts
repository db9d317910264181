import type { DatasetInfo } from '../../../proto/datasets.js';
import type { JsonSchema } from '../json-schema.js';
import type { Rule } from '../rules.js';

/** One trial's settings after merging and binding, as far as they are sound, and where to tell what is wrong with them. */
export interface TrialToCheck<Part> {
  config: Part;
  datasets: ReadonlyMap<string, DatasetInfo>;
  /** Whether the file gives the setting at all, sound or not. */
  gives: (path: string) => boolean;
  report: (mistake: TrialMistake) => void;
}

export interface TrialMistake {
  rule: Rule;
  message: string;
  suggestion?: string;
  /** The settings at fault, dotted; it is told where the one that the round or a parameter gives is written. Of none: where they belong. */
  paths: readonly string[];
}

/** What a trainer's settings mean beyond their shape: one file a trainer. */
export interface TrainerRules<Part = unknown> {
  schema: JsonSchema;
  /** Top-level settings that exclude each other: a round's one replaces the search's other. */
  exclusive: readonly (readonly string[])[];
  /** The second pass over a trial. */
  check(trial: TrialToCheck<Part>): void;
  metrics: TrainerMetrics;
  /** Why trials of these settings do not have the metric; undefined when they have it, or a mistake leaves it open. */
  lacks(config: Part, metric: string): string | undefined;
  /** Names of the data sets that a trial reads. */
  datasetsOf(config: Part): string[];
}

/** The metrics of a trainer's trials, and what is said of them. */
export interface TrainerMetrics {
  /** Every one that a trial can have. */
  names: readonly string[];
  /** The same, as a message lists them. */
  inWords: string;
  /** What a search ranks by that has no other wish. */
  usual: string;
  /** What a name that resembles none of them was meant to be; undefined when that does not show. */
  meant: (name: string) => string | undefined;
  /** How trials come to have a metric that they lack. */
  mend: (metric: string) => string;
}
