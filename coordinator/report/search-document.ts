import type { Distribution, Metric, Parameters, SearchSpec, TrialState } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import type { TrialDetail__Output } from '../../proto/generated/vernier/v1/TrialDetail.js';
import { intervalsFromWire, parametersFromWire, searchStateFromWire, trialStateFromWire } from '../../proto/wire.js';
import { metricOf, summaryOf } from './detail.js';
import { heading, paragraph, type Block, type Column, type ReportDocument, type Text } from './document/document.js';
import { curvesWithOneOutstanding, learningCurves, type Curve } from './figures/learning-curves.js';
import type { Figure } from './figures/render.js';
import { scoresByParameter, type ScoreRound } from './figures/scores.js';
import { counted, formatMetric, formatNumber, formatParameter } from './format.js';
import { gradientCheckBlocks } from './gradient-check-blocks.js';
import { computedBlocks, runBlocks } from './provenance-blocks.js';
import { rangeTestBlocks } from './range-test-blocks.js';
import { roundRows, type ConfigurationRow } from './round-rows.js';
import { meanOverRepeats } from './search-text.js';
import { courseOf, roundOf } from './trials.js';

/** What a page bears: a table's rows, a figure's lines and dots. What is left out is said, and `vernier show --json` has it. */
const MOST_ROWS = 50;
const MOST_CURVES = 60;
const MOST_DOTS = 1000;

/**
 * The report of any search, ended or not: every round's best, scores by parameter, learning curves.
 *
 * @param detail with its trials' epochs and settings
 * @param store how a command reaches the store: ` --store FILE`, or nothing for the default one
 */
export function searchDocument(detail: SearchDetail__Output, store: string): ReportDocument {
  const { name } = summaryOf(detail);
  const figures = new FigureNumbers();
  return {
    title: `Search ${name}`,
    blocks: [
      ...outcomeBlocks(detail),
      ...detail.rounds.flatMap((round) => roundBlocks(round, detail, figures)),
      ...scoreBlocks(detail, figures),
      ...bestTrialBlocks(detail, figures),
      ...computedBlocks([{ detail }]),
      ...runBlocks([{ detail }], store),
    ],
  };
}

/** Figures are numbered as they come. */
class FigureNumbers {
  private last = 0;

  block(caption: Text, figure: Figure): Block {
    return { kind: 'figure', number: ++this.last, caption, figure };
  }
}

function specOf({ specJson }: SearchDetail__Output): Partial<SearchSpec> {
  return JSON.parse(specJson) as Partial<SearchSpec>;
}

function outcomeBlocks(detail: SearchDetail__Output): Block[] {
  const { state, message, seed } = summaryOf(detail);
  const metric = metricOf(detail);
  const { description } = specOf(detail);
  const known = searchStateFromWire(state);
  const told = message === '' ? '' : `: ${message}`;
  return [
    ...(description === undefined ? [] : [paragraph(description)]),
    paragraph([
      `Seed ${seed}; trials are ranked by `,
      { code: metric.name },
      `, which is to be ${metric.goal === 'maximize' ? 'high' : 'low'}. The search ${known === 'running' ? 'has not ended' : `has ${ENDED[known]}`}${told}.`,
    ]),
    bestParagraph(detail, metric),
  ];
}

const ENDED = { completed: 'completed', failed: 'failed', cancelled: 'been cancelled' } as const;

function bestParagraph(detail: SearchDetail__Output, metric: Metric): Block {
  const { best } = detail;
  if (best === null) return paragraph(['No trial has a finite ', { code: metric.name }, '.']);
  const parameters = assigned(parametersFromWire(best.parameters));
  const repeats = best.repeats.length > 1 ? ` (mean of ${best.repeats.length} repeats)` : '';
  const test = metric.name === 'test_accuracy' ? undefined : meanOverRepeats(detail, best, 'test_accuracy');
  return paragraph([
    'Best: ',
    { strong: `trial ${best.number}` },
    ` of round ${best.round}, `,
    { code: metric.name },
    ` ${formatMetric(metric.name, best.score)}${repeats}`,
    ...(test === undefined
      ? []
      : [', ', { code: 'test_accuracy' }, ` ${formatMetric('test_accuracy', test)}${repeats}`]),
    `${parameters === '' ? '' : `, with ${parameters}`}.`,
  ]);
}

function assigned(parameters: Parameters): string {
  return entries(parameters)
    .map(([name, value]) => `${name} = ${formatParameter(value)}`)
    .join(', ');
}

/** By name, in code units' order. */
function entries<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function roundBlocks(round: RoundDetail__Output, detail: SearchDetail__Output, figures: FigureNumbers): Block[] {
  const metric = metricOf(detail);
  const rows = roundRows(round, metric, Infinity);
  const how = round.method === 'none' ? 'carried only' : round.method;
  const drawn = entries(intervalsFromWire(round.interval)).map(
    ([name, { min, max }]) => `${name} from ${formatNumber(min)} to ${formatNumber(max)}`,
  );
  return [
    heading(2, `Round ${round.index + 1}: ${round.name}`),
    paragraph(
      `${counted(rows.trialsTotal, 'trial')} (${how})${drawn.length === 0 ? '' : `; drawn ${drawn.join(', ')}`}.`,
    ),
    ...(rows.best.length === 0 ? [] : [rankingTable(rows.best, metric)]),
    ...withoutScore(round, rows.best),
    ...gradientCheckBlocks(round),
    ...rangeTestBlocks(round, metric, (caption, figure) => figures.block(caption, figure)),
    ...curvesOfRound(round, rows.best, metric, figures),
  ];
}

const left = (head: string): Column => ({ head, align: 'left' });
const right = (head: string): Column => ({ head, align: 'right' });

function rankingTable(best: readonly ConfigurationRow[], metric: Metric): Block {
  const shown = best.slice(0, MOST_ROWS);
  const names = [...new Set(shown.flatMap(({ parameters }) => Object.keys(parameters)))].sort();
  const hasTest = metric.name !== 'test_accuracy' && shown.some(({ testAccuracy }) => testAccuracy !== undefined);
  const repeats = Math.max(...shown.map(({ numbers }) => numbers.length));
  const more = best.length - shown.length;
  const mean = repeats > 1 ? `, means over ${repeats} training seeds` : '';
  return {
    kind: 'table',
    caption: `By ${metric.name}, best first${mean}${more > 0 ? `; ${counted(more, 'more configuration')} not shown` : ''}`,
    columns: [
      left(repeats > 1 ? 'trials' : 'trial'),
      right(metric.name),
      ...(hasTest ? [right('test_accuracy')] : []),
      ...names.map(right),
    ],
    rows: shown.map(({ numbers, carriedFrom, score, testAccuracy, parameters }) => [
      numbers.join(', ') + (carriedFrom === 0 ? '' : ` (from ${carriedFrom})`),
      formatMetric(metric.name, score),
      ...(hasTest ? [testAccuracy === undefined ? '' : formatMetric('test_accuracy', testAccuracy)] : []),
      ...names.map((name) => (name in parameters ? formatParameter(parameters[name] ?? null) : '')),
    ]),
  };
}

const STATE_WORDS: Partial<Record<TrialState, string>> = { leased: 'running', pending: 'waiting' };

/** Trials that are in no ranking, and why. */
function withoutScore(round: RoundDetail__Output, best: readonly ConfigurationRow[]): Block[] {
  const ranked = new Set(best.flatMap(({ numbers }) => numbers));
  const others = round.trials.filter(({ number }) => !ranked.has(number));
  const items = others.slice(0, MOST_ROWS).map(({ number, state, parameters }): Text => {
    const known = trialStateFromWire(state);
    const given = assigned(parametersFromWire(parameters));
    return `trial ${number}: ${STATE_WORDS[known] ?? known}${given === '' ? '' : `, ${given}`}`;
  });
  if (items.length === 0) return [];
  const more = others.length - items.length;
  return [
    paragraph('Not ranked:'),
    { kind: 'list', items: more > 0 ? [...items, `and ${counted(more, 'more trial')}`] : items },
  ];
}

/** The metric over the epochs: the round's best trial among the others. */
function curvesOfRound(
  round: RoundDetail__Output,
  best: readonly ConfigurationRow[],
  metric: Metric,
  figures: FigureNumbers,
): Block[] {
  const byNumber = new Map(round.trials.map((trial) => [trial.number, trial]));
  const curves = best.slice(0, MOST_CURVES).flatMap(({ numbers }): Curve[] => {
    const trial = byNumber.get(numbers[0] ?? 0);
    const points = trial === undefined ? [] : courseOf(trial, metric.name);
    return points.length < 2 ? [] : [{ label: `trial ${numbers[0]}`, points }];
  });
  const [first] = curves;
  if (first === undefined || curves.length < 2) return [];
  const caption = `${metric.name} over the epochs in round ${round.name}; ${first.label} is the best of ${curves.length}.`;
  return [
    figures.block(
      caption,
      curvesWithOneOutstanding({
        description: `Line chart: ${caption}`,
        axis: metric.name,
        percent: metric.name.endsWith('_accuracy'),
        curves,
        outstanding: first,
      }),
    ),
  ];
}

/** The score by each numeric parameter, all rounds beside each other. */
function scoreBlocks(detail: SearchDetail__Output, figures: FigureNumbers): Block[] {
  const metric = metricOf(detail);
  const rounds = detail.rounds.map((round) => ({ round, rows: roundRows(round, metric, MOST_DOTS).best }));
  const names = new Set(rounds.flatMap(({ rows }) => rows.flatMap(({ parameters }) => Object.keys(parameters))));
  const blocks: Block[] = [];
  for (const parameter of [...names].sort()) {
    const panels = rounds.map(({ round, rows }): ScoreRound => {
      const interval = intervalsFromWire(round.interval)[parameter];
      const trials = rows.flatMap(({ parameters, score, numbers }) => {
        const value = parameters[parameter];
        const isBest = detail.best?.round === round.name && numbers.includes(detail.best.number);
        return typeof value === 'number' ? [{ value, score, best: isBest }] : [];
      });
      return { name: round.name, ...(interval === undefined ? {} : { interval }), trials };
    });
    const values = new Set(panels.flatMap(({ trials }) => trials.map(({ value }) => value)));
    if (values.size < 2) continue;
    const mean = rounds.some(({ rows }) => rows.some(({ numbers }) => numbers.length > 1)) ? 'mean over repeats, ' : '';
    const caption = `${metric.name} by ${parameter}, ${mean}round by round; what a round drew from is shaded.`;
    blocks.push(
      figures.block(
        caption,
        scoresByParameter({
          description: `Scatter plot: ${caption}`,
          parameter,
          logarithmic: isLogarithmic(specOf(detail), parameter),
          axis: metric.name,
          percent: metric.name.endsWith('_accuracy'),
          rounds: panels,
        }),
      ),
    );
  }
  return blocks.length === 0 ? [] : [heading(2, 'Scores by parameter'), ...blocks];
}

function isLogarithmic({ parameters, rounds }: Partial<SearchSpec>, name: string): boolean {
  const definitions = [parameters, ...(rounds ?? []).map((round) => round.parameters)];
  return definitions.some((each) => LOGARITHMIC.has(each?.[name]?.distribution));
}

const LOGARITHMIC: ReadonlySet<Distribution['distribution'] | undefined> = new Set<
  Distribution['distribution'] | undefined
>(['log_uniform_values', 'q_log_uniform_values']);

const MEASURES = ['cost', 'loss', 'accuracy'] as const;
const PARTS = [
  { part: 'train', label: 'training' },
  { part: 'val', label: 'validation' },
] as const;

/** Cost, loss and accuracy of the search's best trial, as far as they were evaluated after each epoch. */
function bestTrialBlocks(detail: SearchDetail__Output, figures: FigureNumbers): Block[] {
  const trial = bestOf(detail);
  if (trial === undefined) return [];
  const blocks = MEASURES.flatMap((measure): Block[] => {
    const curves = PARTS.map(({ part, label }) => ({ label, points: courseOf(trial, `${part}_${measure}`) })).filter(
      ({ points }) => points.length >= 2,
    );
    if (curves.length === 0) return [];
    const caption = `${measure.charAt(0).toUpperCase()}${measure.slice(1)} of the best trial, ${trial.number}, over its epochs.`;
    return [
      figures.block(
        caption,
        learningCurves({
          description: `Line chart: ${caption}`,
          axis: measure,
          percent: measure === 'accuracy',
          curves,
        }),
      ),
    ];
  });
  return blocks.length === 0 ? [] : [heading(2, 'The best trial'), ...blocks];
}

function bestOf(detail: SearchDetail__Output): TrialDetail__Output | undefined {
  if (detail.best === null) return undefined;
  const { round, number } = detail.best;
  return roundOf(detail, round)?.trials.find((trial) => trial.number === number);
}
