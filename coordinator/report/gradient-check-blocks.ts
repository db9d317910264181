import type { RoundDetail__Output } from '../../proto/generated/vernier/v1/RoundDetail.js';
import { parametersFromWire } from '../../proto/wire.js';
import { deviationMetric, DEVIATIONS, DIFFERENCES, type Deviation } from '../../proto/trainers/gradient-check.js';
import { MAX_HIDDEN_LAYERS, tensorNames } from '../../proto/trainers/network.js';
import { formatDeviation } from './comparison-format.js';
import type { Block, TableBlock } from './document/document.js';
import { formatParameter } from './format.js';
import { finalMetrics } from './trials.js';

/** Tables beyond these are no reading. */
const MOST_TABLES = 20;

const HEADS: Record<Deviation, string> = {
  mean_difference: '|mean a − mean n|',
  mean_absolute_difference: 'mean |a − n|',
  max_absolute_difference: 'max |a − n|',
  max_relative_error: 'max relative',
};

/** For each gradient check of a round, its deviations tensor by tensor; nothing for other trials. */
export function gradientCheckBlocks({ trials }: RoundDetail__Output): Block[] {
  return trials
    .flatMap((trial): TableBlock[] => {
      const metrics = finalMetrics(trial);
      const rows = DIFFERENCES.flatMap((difference) =>
        tensorNames(MAX_HIDDEN_LAYERS + 1).flatMap((tensor) => {
          const values = DEVIATIONS.map((deviation) => metrics[deviationMetric(difference, deviation, tensor)]);
          if (values.every((value) => value === undefined)) return [];
          return [[tensor, difference, ...values.map((value) => formatDeviation(value ?? NaN))]];
        }),
      );
      if (rows.length === 0) return [];
      const parameters = Object.entries(parametersFromWire(trial.parameters))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `, ${name} = ${formatParameter(value)}`);
      return [
        {
          kind: 'table',
          label: `Trial ${trial.number}`,
          caption: `analytic gradients against differences of the cost, training seed ${trial.seed}${parameters.join('')}`,
          columns: [
            { head: 'gradient', align: 'left' },
            { head: 'differences', align: 'left' },
            ...DEVIATIONS.map((deviation) => ({ head: HEADS[deviation], align: 'right' as const })),
          ],
          rows,
        },
      ];
    })
    .slice(0, MOST_TABLES);
}
