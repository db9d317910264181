import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatNumber } from '../../../coordinator/report/format.js';
import { narrowInterval } from '../../../coordinator/search/narrow.js';
import type { FinishedRound } from '../../../coordinator/search/round.js';
import { parseSearchFile } from '../../../coordinator/spec/search-file.js';
import type { Interval, Narrow, SearchSpec } from '../../../proto/domain.js';
import { packageFile } from '../../../proto/package-root.js';
import { finish, opened } from './fixtures.js';

/** Made up, by trial number. */
const ACCURACIES = [
  0.5106, 0.5087, 0.5012, 0.5198, 0.4862, 0.4981, 0.5164, 0.4977, 0.5261, 0.5248, 0.5139, 0.5229, 0.5233, 0.5266,
  0.5241, 0.5225, 0.5219, 0.5252, 0.5237,
];

const NARROWINGS: [written: string, narrow: Narrow][] = [
  ['{between: {best: 2}}', { kind: 'between', best: 2, margin: 0, widen: false }],
  ['{between: {best: 3}}', { kind: 'between', best: 3, margin: 0, widen: false }],
  ['{around: {best: 2, margin: 0.5}}', { kind: 'around', best: 2, margin: 0.5, widen: false }],
  ['{around: {best: 3, margin: 0.1}}', { kind: 'around', best: 3, margin: 0.1, widen: false }],
];

function text(interval: Interval | undefined): string {
  return interval === undefined ? '' : `${formatNumber(interval.min)} to ${formatNumber(interval.max)}`;
}

/** A round as the page shows it. */
function shown({ name, interval, trials }: FinishedRound): string {
  const rows = trials.map(({ number, parameters, metrics, carriedFrom }) => {
    const from = carriedFrom === 0 ? '' : `  carried from ${carriedFrom}`;
    const accuracy = metrics['val_accuracy']?.toFixed(4) ?? '';
    return `  ${String(number).padStart(2)}  ${formatNumber(Number(parameters['lambda'])).padEnd(8)}  ${accuracy}${from}`;
  });
  return [`${name}: lambda from ${text(interval['lambda'])}`, ...rows].map((line) => `    ${line}`).join('\n');
}

function finishedRounds(spec: SearchSpec): FinishedRound[] {
  const finished: FinishedRound[] = [];
  let number = 0;
  for (const _ of spec.rounds) {
    finished.push(finish(opened(spec, finished), () => ({ val_accuracy: ACCURACIES[number++] ?? 0.5 }), finished));
  }
  return finished;
}

it('the example of docs/rounds.md is what the code does', () => {
  const fileName = 'configs/paper/lambda-search.yaml';
  const { spec } = parseSearchFile(readFileSync(packageFile(fileName), 'utf8'), { fileName, datasets: [] });
  const page = readFileSync(packageFile('docs/rounds.md'), 'utf8');
  const prose = page.replaceAll(/\s+/g, ' ');

  const [coarse, fine, final] = finishedRounds(spec);
  expect(page).toContain(`\n\n${shown(coarse!)}\n\n`);
  expect(page).toContain(`\n\n${shown(fine!)}\n\n`);
  const [last] = final!.trials;
  expect(prose).toContain(
    `trial ${last!.number} carries lambda = ${formatNumber(Number(last!.parameters['lambda']))} of trial ${last!.carriedFrom}`,
  );

  // The other ways to narrow after the same coarse round.
  for (const [written, narrow] of NARROWINGS) {
    const rounds = spec.rounds.map((round) => (round.narrow === undefined ? round : { ...round, narrow }));
    const { lambda } = opened({ ...spec, rounds }, [coarse!]).interval;
    expect(prose).toContain(`| \`${written}\` | ${text(lambda)} |`);
  }

  const { lambda } = spec.parameters;
  if (lambda?.distribution !== 'log_uniform_values') throw new Error('the file draws lambda otherwise');
  const widened = narrowInterval({
    definition: lambda,
    former: lambda,
    values: [1.5e-5, 1e-3],
    narrow: { kind: 'between', best: 2, margin: 0, widen: true },
  });
  if ('problem' in widened) throw new Error(widened.problem);
  expect(prose).toContain(`Had the best two been 1.5e-5 and 0.001, \`widen: true\` would give ${text(widened)}`);
});
