import type { Metric, ParameterValue } from '../../../proto/domain.js';
import type { Text } from '../document/document.js';

/** A published work whose results shipped search files give again: what it reports, as data. */
export interface Paper {
  /** What `vernier reproduce` calls it; also its report's folder. */
  id: string;
  /** Title of the report. */
  title: string;
  /** Who, what, when. */
  reference: string;
  /** One line for lists. */
  summary: string;
  introduction: readonly Text[];
  /** In the order in which they run. */
  experiments: readonly Experiment[];
  sections: readonly PaperSection[];
}

interface Experiment {
  /** The search file, from the package's root; an absolute path is taken as it is. */
  file: string;
  /** The search's name, by which sections refer to it. */
  name: string;
  /** Its training seeds stand in the file, as the paper names them: another search seed would change nothing. */
  ownSeeds?: true;
}

interface PaperSection {
  heading: string;
  parts: readonly PaperPart[];
}

export type PaperPart =
  | { kind: 'heading'; text: string }
  | { kind: 'prose'; text: Text }
  | GradientTable
  | FinalMetrics
  | LearningFigures
  | BestValues;

/** A trial of a `gradient-check` search, tensor by tensor. */
export interface GradientTable {
  kind: 'gradients';
  experiment: string;
  label: string;
  caption: string;
  /** Which trial it is. */
  trial: { seed: number; parameters: Record<string, ParameterValue> };
  /** The paper's: |mean(analytic) - mean(numeric)| over the tensor. */
  entries: readonly { tensor: string; forward: number; central: number }[];
}

/** Metrics of a round's best trial after its last epoch. */
export interface FinalMetrics {
  kind: 'final';
  experiment: string;
  /** The search's last one when absent. */
  round?: string;
  /** What the trial is, in lists of numbers. */
  name: string;
  caption: string;
  /** Of the paper; what it does not tell is absent. */
  paper: Readonly<Record<string, number>>;
  metrics: readonly { metric: Metric['name']; what: string }[];
}

/** Courses of training and validation over the epochs of a round's best trial. */
export interface LearningFigures {
  kind: 'curves';
  experiment: string;
  round?: string;
  figures: readonly { number: number; measure: 'cost' | 'loss' | 'accuracy'; caption: string }[];
}

/** The best trials of a round by validation accuracy, with a parameter on the scale of its decimal logarithm. */
export interface BestValues {
  kind: 'best';
  experiment: string;
  round: string;
  /** What the round is, in lists of numbers. */
  name: string;
  caption: string;
  parameter: string;
  /** The paper's, best first. */
  entries: readonly { accuracy: number; log10: number }[];
}
