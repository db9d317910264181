import { log } from '../../../proto/numeric/index.js';
import type { SearchDetail__Output } from '../../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../../proto/generated/vernier/v1/TrialDetail.js';
import { deviationMetric, DIFFERENCES, type Deviation } from '../../../proto/trainers/gradient-check.js';
import { parametersFromWire } from '../../../proto/wire.js';
import { metricOf } from '../detail.js';
import { bestTrials, finalMetrics, roundOf } from '../trials.js';
import type { BestValues, FinalMetrics, GradientTable, Paper, PaperPart } from './paper.js';

/** The searches of a paper's experiments, by the experiments' names, with their epochs. */
export type PaperResults = ReadonlyMap<string, SearchDetail__Output>;

/** A number of the paper beside ours. */
export interface Comparison {
  experiment: string;
  /** What it is, in words that no other comparison of the paper has. */
  what: string;
  unit: 'accuracy' | 'log10' | 'deviation';
  paper: number;
  /** NaN where the search has not got it. */
  ours: number;
}

/** Every number that the paper reports beside the one that the searches gave, in the paper's order. */
export function comparisons({ sections }: Paper, results: PaperResults): Comparison[] {
  return sections.flatMap(({ parts }) => parts.flatMap((part) => ofPart(part, results)));
}

function ofPart(part: PaperPart, results: PaperResults): Comparison[] {
  if (part.kind === 'gradients') return gradientComparisons(part, results);
  if (part.kind === 'final') return finalComparisons(part, results);
  return part.kind === 'best' ? bestComparisons(part, results) : [];
}

/** The paper's words for the two kinds of differences. */
const DIFFERENCE_WORDS = { forward: 'numerical', central: 'slow' } as const;

export interface GradientRow {
  tensor: string;
  difference: 'numerical' | 'slow';
  paper: number;
  /** |mean(analytic) - mean(numeric)|, what the paper prints. */
  ours: number;
  meanAbsolute: number;
  maxAbsolute: number;
  maxRelative: number;
}

/** A gradient table's rows: what the paper has, and what tells more. */
export function gradientRows({ experiment, trial, entries }: GradientTable, results: PaperResults): GradientRow[] {
  const found = results
    .get(experiment)
    ?.rounds.flatMap(({ trials }) => trials)
    .find((each) => {
      const parameters = parametersFromWire(each.parameters);
      return (
        each.seed === trial.seed &&
        Object.entries(trial.parameters).every(([name, value]) => parameters[name] === value)
      );
    });
  const metrics = found === undefined ? {} : finalMetrics(found);
  return DIFFERENCES.flatMap((difference) =>
    entries.map(({ tensor, ...paper }) => {
      const metric = (deviation: Deviation): number => metrics[deviationMetric(difference, deviation, tensor)] ?? NaN;
      return {
        tensor,
        difference: DIFFERENCE_WORDS[difference],
        paper: paper[difference],
        ours: metric('mean_difference'),
        meanAbsolute: metric('mean_absolute_difference'),
        maxAbsolute: metric('max_absolute_difference'),
        maxRelative: metric('max_relative_error'),
      };
    }),
  );
}

function gradientComparisons(part: GradientTable, results: PaperResults): Comparison[] {
  return gradientRows(part, results).map(({ tensor, difference, paper, ours }) => ({
    experiment: part.experiment,
    what: `${part.label}: ${tensor}, analytical - ${difference}`,
    unit: 'deviation',
    paper,
    ours,
  }));
}

export interface FinalRow {
  what: string;
  metric: string;
  /** Undefined where the paper does not tell. */
  paper: number | undefined;
  ours: number;
}

export function finalRows({ experiment, round, paper, metrics }: FinalMetrics, results: PaperResults): FinalRow[] {
  const trial = bestTrial(results.get(experiment), round);
  const values = trial === undefined ? {} : finalMetrics(trial);
  return metrics.map(({ metric, what }) => ({ what, metric, paper: paper[metric], ours: values[metric] ?? NaN }));
}

function finalComparisons(part: FinalMetrics, results: PaperResults): Comparison[] {
  return finalRows(part, results).flatMap(({ what, metric, paper, ours }) =>
    paper === undefined || !metric.endsWith('_accuracy')
      ? []
      : [{ experiment: part.experiment, what: `${part.name}: ${what}`, unit: 'accuracy', paper, ours }],
  );
}

/** The trial that a paper's part is about: the best of its round. */
export function bestTrial(search: SearchDetail__Output | undefined, round?: string): TrialDetail__Output | undefined {
  const found = search && roundOf(search, round);
  return found && bestTrials(found, metricOf(search), 1)[0];
}

export interface BestRow {
  /** From 1. */
  rank: number;
  paper: { accuracy: number; log10: number };
  ours: { accuracy: number; log10: number };
}

export function bestRows({ experiment, round, parameter, entries }: BestValues, results: PaperResults): BestRow[] {
  const search = results.get(experiment);
  const found = search && roundOf(search, round);
  const trials = search && found ? bestTrials(found, metricOf(search), entries.length) : [];
  return entries.map((paper, index) => {
    const trial = trials[index];
    const value = trial && parametersFromWire(trial.parameters)[parameter];
    return {
      rank: index + 1,
      paper,
      ours: {
        accuracy: trial === undefined ? NaN : (finalMetrics(trial)['val_accuracy'] ?? NaN),
        log10: typeof value === 'number' ? log(value) / Math.LN10 : NaN,
      },
    };
  });
}

function bestComparisons(part: BestValues, results: PaperResults): Comparison[] {
  return bestRows(part, results).flatMap(({ rank, paper, ours }): Comparison[] => [
    {
      experiment: part.experiment,
      what: `${part.name}: validation accuracy ${rank}`,
      unit: 'accuracy',
      paper: paper.accuracy,
      ours: ours.accuracy,
    },
    {
      experiment: part.experiment,
      what: `${part.name}: log10 ${part.parameter} ${rank}`,
      unit: 'log10',
      paper: paper.log10,
      ours: ours.log10,
    },
  ]);
}
