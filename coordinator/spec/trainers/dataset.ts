import { closest } from '../../../proto/closest.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import { quote } from '../source.js';
import type { TrialToCheck } from './trainer-rules.js';

/** The data set that a trial's settings name; one that is not known is a mistake. */
export function checkDataset({
  config,
  datasets,
  report,
}: TrialToCheck<{ dataset?: { name?: string | undefined } | undefined }>): DatasetInfo | undefined {
  const name = config.dataset?.name;
  if (name === undefined) return undefined;
  const info = datasets.get(name);
  if (info === undefined) {
    const meant = closest(name.slice(0, 100), datasets.keys());
    report({
      rule: 'unknown-dataset',
      message: `there is no data set ${quote(name)}; known are ${[...datasets.keys()].join(', ')}`,
      paths: ['dataset.name'],
      suggestion: meant === undefined ? 'add one of your own: vernier data add NAME PATH' : `did you mean ${meant}?`,
    });
  }
  return info;
}
