import type { Json } from '../../proto/canonical.js';
import type { Metric } from '../../proto/domain.js';
import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import type { Block, Text } from './document/document.js';
import { rangeTestFigure } from './figures/range-test.js';
import type { Figure } from './figures/render.js';
import { formatMetric, formatNumber } from './format.js';
import { rangeTestOf } from './range-test.js';
import { courseOf } from './trials.js';

/** Lines beyond these are not told apart. */
const MOST_LINES = 6;
/** Rows of a table that is read from top to bottom. */
const MOST_ROWS = 100;

/**
 * A round's learning rate range tests: the metric against the rate as a figure, and of a test alone as a table too. Nothing for
 * other trials.
 *
 * @param round with its trials' settings and epochs
 * @param block makes a figure a part of the document
 */
export function rangeTestBlocks(
  round: RoundDetail__Output,
  { name }: Metric,
  block: (caption: Text, figure: Figure) => Block,
): Block[] {
  const tests = round.trials.flatMap((trial) => {
    const config = JSON.parse(trial.configJson || '{}') as { [key: string]: Json };
    const test = rangeTestOf(config, courseOf(trial, name));
    return test === undefined || test.points.length < 2 ? [] : [{ ...test, label: `trial ${trial.number}` }];
  });
  const shown = tests.slice(0, MOST_LINES);
  const [first] = shown;
  if (first === undefined) return [];
  const some = tests.length > shown.length ? `, the first ${shown.length} of ${tests.length} trials` : '';
  const caption = `Learning rate range test in round ${round.name}: ${name} after each epoch against the rate that the epoch ended at${some}.`;
  const figure = block(caption, rangeTestFigure({ description: `Line chart: ${caption}`, metric: name, tests: shown }));
  if (tests.length > 1 || first.points.length > MOST_ROWS) return [figure];
  return [
    figure,
    {
      kind: 'table',
      caption: `The range test of ${first.label}, epoch by epoch`,
      columns: ['epoch', 'learning rate at its end', name].map((head) => ({ head, align: 'right' as const })),
      rows: first.points.map(({ epoch, rate, value }) => [
        String(epoch),
        formatNumber(rate),
        formatMetric(name, value),
      ]),
    },
  ];
}
