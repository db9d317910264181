import { formatCompared, formatDeviation, formatDifference, formatRatio } from '../comparison-format.js';
import {
  heading,
  paragraph,
  type Block,
  type Column,
  type FigureBlock,
  type ReportDocument,
  type TableBlock,
} from '../document/document.js';
import { learningCurves } from '../figures/learning-curves.js';
import { computedBlocks, runBlocks } from '../provenance-blocks.js';
import { courseOf } from '../trials.js';
import { bestRows, bestTrial, comparisons, finalRows, gradientRows, type PaperResults } from './comparisons.js';
import type { BestValues, FinalMetrics, GradientTable, LearningFigures, Paper, PaperPart } from './paper.js';

/**
 * The report of a paper's reproduction.
 *
 * @param store how a command reaches the store: ` --store FILE`, or nothing for the default one
 * @param seed that was given in place of the files', where one was: the command that makes the report anew has it
 */
export function paperDocument(paper: Paper, results: PaperResults, store: string, seed?: number): ReportDocument {
  const { title, reference, introduction, sections, experiments, id } = paper;
  const searches = experiments.flatMap(({ name, file }) => {
    const detail = results.get(name);
    return detail === undefined ? [] : [{ detail, file }];
  });
  return {
    title,
    blocks: [
      paragraph(['The paper: ', { strong: reference }, '.']),
      ...introduction.map(paragraph),
      paragraph([
        'This report was made by ',
        { code: `vernier reproduce ${id}${seed === undefined ? '' : ` --seed ${seed}`}` },
        '. Differences are ours less the paper’s; of accuracies in percentage points.',
      ]),
      heading(2, 'At a glance'),
      overview(paper, results),
      ...sections.flatMap((section) => [
        heading(2, section.heading),
        ...section.parts.flatMap((part) => partBlocks(part, results)),
      ]),
      ...computedBlocks(searches),
      ...runBlocks(searches, store),
    ],
  };
}

const left = (head: string): Column => ({ head, align: 'left' });
const right = (head: string): Column => ({ head, align: 'right' });

/** Every accuracy that the paper reports. */
function overview(paper: Paper, results: PaperResults): TableBlock {
  const rows = comparisons(paper, results).filter(({ unit }) => unit === 'accuracy');
  return {
    kind: 'table',
    caption: 'Every accuracy that the paper reports',
    columns: [left('accuracy'), right('paper'), right('this run'), right('difference')],
    rows: rows.map(({ what, unit, paper: theirs, ours }) => [
      what,
      formatCompared(unit, theirs),
      formatCompared(unit, ours),
      formatDifference(unit, theirs, ours),
    ]),
  };
}

function partBlocks(part: PaperPart, results: PaperResults): Block[] {
  switch (part.kind) {
    case 'heading':
      return [heading(3, part.text)];
    case 'prose':
      return [paragraph(part.text)];
    case 'gradients':
      return [gradientTable(part, results)];
    case 'final':
      return [finalTable(part, results)];
    case 'best':
      return [bestTable(part, results)];
    case 'curves':
      break;
  }
  return curveFigures(part, results);
}

/** Not to be broken. */
const ABSOLUTE = '|a\u00a0−\u00a0n|';

/** The paper's columns first, then what cancels nothing. */
function gradientTable(part: GradientTable, results: PaperResults): TableBlock {
  return {
    kind: 'table',
    label: part.label,
    caption: part.caption,
    columns: [
      left('gradient'),
      left('differences'),
      right('paper'),
      right('this run'),
      right('difference'),
      right('this / paper'),
      right(`mean ${ABSOLUTE}`),
      right(`max ${ABSOLUTE}`),
      right('max relative'),
    ],
    rows: gradientRows(part, results).map((row) => [
      row.tensor,
      row.difference,
      formatCompared('deviation', row.paper),
      formatCompared('deviation', row.ours),
      formatDifference('deviation', row.paper, row.ours),
      formatRatio(row.paper, row.ours),
      formatDeviation(row.meanAbsolute),
      formatDeviation(row.maxAbsolute),
      formatDeviation(row.maxRelative),
    ]),
  };
}

function finalTable(part: FinalMetrics, results: PaperResults): TableBlock {
  return {
    kind: 'table',
    caption: part.caption,
    columns: [left('metric'), right('paper'), right('this run'), right('difference')],
    rows: finalRows(part, results).map(({ what, metric, paper, ours }) => {
      const unit = metric.endsWith('_accuracy') ? 'accuracy' : 'cost';
      return [what, formatCompared(unit, paper), formatCompared(unit, ours), formatDifference(unit, paper, ours)];
    }),
  };
}

function bestTable(part: BestValues, results: PaperResults): TableBlock {
  const { parameter } = part;
  return {
    kind: 'table',
    caption: part.caption,
    columns: [
      right('rank'),
      right('validation accuracy, paper'),
      right('this run'),
      right('difference'),
      right(`log10 ${parameter}, paper`),
      right('this run'),
      right('difference'),
    ],
    rows: bestRows(part, results).map(({ rank, paper, ours }) => [
      String(rank),
      formatCompared('accuracy', paper.accuracy),
      formatCompared('accuracy', ours.accuracy),
      formatDifference('accuracy', paper.accuracy, ours.accuracy),
      formatCompared('log10', paper.log10),
      formatCompared('log10', ours.log10),
      formatDifference('log10', paper.log10, ours.log10),
    ]),
  };
}

const CURVES = [
  { part: 'train', label: 'training' },
  { part: 'val', label: 'validation' },
] as const;

function curveFigures({ experiment, round, figures }: LearningFigures, results: PaperResults): FigureBlock[] {
  const trial = bestTrial(results.get(experiment), round);
  return figures.map(({ number, measure, caption }) => ({
    kind: 'figure',
    number,
    caption,
    figure: learningCurves({
      description: `Line chart: ${caption}`,
      axis: measure,
      percent: measure === 'accuracy',
      curves: CURVES.map(({ part, label }) => ({
        label,
        points: trial === undefined ? [] : courseOf(trial, `${part}_${measure}`),
      })),
    }),
  }));
}
