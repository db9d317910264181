import { describe, expect, it } from 'vitest';
import { drawFigures, plainText, type Block, type TableBlock } from '../../../coordinator/report/document/document.js';
import { searchDocument } from '../../../coordinator/report/search-document.js';
import type { EpochMetrics__Output } from '../../../proto/generated/vernier/v1/EpochMetrics.js';
import type { Metrics } from '../../../proto/domain.js';
import { epochToWire } from '../../../proto/wire.js';
import { best, detail, round, trial } from './fixtures.js';

function epochs(count: number, metrics: (epoch: number) => Metrics): EpochMetrics__Output[] {
  return Array.from(
    { length: count },
    (_, index) => epochToWire({ epoch: index + 1, metrics: metrics(index + 1) }) as EpochMetrics__Output,
  );
}

const course = (gain: number): { epochs: EpochMetrics__Output[] } => ({
  epochs: epochs(4, (epoch) => ({
    val_accuracy: 0.3 + gain * epoch,
    val_loss: 2 - epoch / 5,
    train_loss: 2 - epoch / 4,
  })),
});

const SEARCH = detail(
  [
    round([
      trial(1, { lambda: 0.001, hidden: 50 }, { val_accuracy: 0.5 }, course(0.05)),
      trial(2, { lambda: 0.01, hidden: 20 }, { val_accuracy: 0.52 }, course(0.055)),
      trial(3, { lambda: 0.02, hidden: 20 }, {}, { state: 'TRIAL_DIVERGED' }),
      trial(4, { lambda: 0.03, hidden: 20 }, {}, { state: 'TRIAL_LEASED' }),
    ]),
    round(
      [
        trial(
          5,
          { lambda: 0.01, hidden: 20 },
          { val_accuracy: 0.55, test_accuracy: 0.53 },
          { ...course(0.06), carriedFrom: 2 },
        ),
      ],
      {
        index: 1,
        name: 'final',
        method: 'none',
        interval: {},
      },
    ),
  ],
  {
    best: {
      ...best(5, { lambda: 0.01, hidden: 20 }, { val_accuracy: 0.55, test_accuracy: 0.53 }, 0.55),
      round: 'final',
    },
    specJson: JSON.stringify({
      metric: { name: 'val_accuracy', goal: 'maximize' },
      description: 'What it is for.',
      parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 0.1 } },
    }),
  },
);

const tablesOf = (blocks: readonly Block[]): TableBlock[] =>
  blocks.flatMap((block) => (block.kind === 'table' ? [block] : []));
const captions = (blocks: readonly Block[]): string[] =>
  blocks.flatMap((block) => (block.kind === 'figure' ? [`${block.number} ${plainText(block.caption)}`] : []));
const words = (blocks: readonly Block[]): string =>
  blocks
    .flatMap((block) => {
      if (block.kind === 'paragraph') return [plainText(block.text)];
      return block.kind === 'list' ? block.items.map(plainText) : [];
    })
    .join('\n');

describe("a search's report", () => {
  const { title, blocks } = searchDocument(SEARCH, ' --store x.db');

  it('says how it ended, and its best', () => {
    expect(title).toBe('Search quickstart');
    expect(words(blocks)).toContain('What it is for.');
    expect(words(blocks)).toContain('The search has completed.');
    expect(words(blocks)).toContain(
      'Best: trial 5 of round final, val_accuracy 55.00 %, test_accuracy 53.00 %, with hidden = 20, lambda = 0.01.',
    );
  });

  it('has a ranking of every round, and who is in none', () => {
    const [coarse, final] = tablesOf(blocks);
    expect(coarse!.columns.map(({ head }) => head)).toEqual(['trial', 'val_accuracy', 'hidden', 'lambda']);
    expect(coarse!.rows).toEqual([
      ['2', '52.00 %', '20', '0.01'],
      ['1', '50.00 %', '50', '0.001'],
    ]);
    expect(final!.rows).toEqual([['5 (from 2)', '55.00 %', '53.00 %', '20', '0.01']]);
    expect(words(blocks)).toContain('trial 3: diverged, hidden = 20, lambda = 0.02');
    expect(words(blocks)).toContain('trial 4: running, hidden = 20, lambda = 0.03');
  });

  it('draws scores by each numeric parameter, and courses', () => {
    expect(captions(blocks)).toEqual([
      '1 val_accuracy over the epochs in round coarse; trial 2 is the best of 2.',
      '2 val_accuracy by hidden, round by round; what a round drew from is shaded.',
      '3 val_accuracy by lambda, round by round; what a round drew from is shaded.',
      '4 Loss of the best trial, 5, over its epochs.',
      '5 Accuracy of the best trial, 5, over its epochs.',
    ]);
    const figures = drawFigures({ title, blocks });
    expect(figures.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(figures[2]!.svg.match(/<circle/g)).toHaveLength(3);
    expect(figures[2]!.svg).toContain('1e-2');
    // Only the validation accuracy was evaluated; loss has both parts.
    expect(figures[4]!.svg).not.toContain('training');
    expect(figures[3]!.svg).toContain('training');
  });

  it('says how to check it', () => {
    expect(blocks.at(-1)).toEqual({ kind: 'code', text: 'vernier verify 7d3f --store x.db --all' });
    expect(words(blocks)).toContain('ef'.repeat(32));
  });

  it('tells means where configurations have repeats', () => {
    const repeats = [1, 2].map((number) =>
      trial(number, { lambda: 0.1 }, { val_accuracy: number / 4 }, { configuration: 0, seed: number }),
    );
    const [table] = tablesOf(searchDocument(detail([round(repeats)], { best: null }), '').blocks);
    expect(plainText(table!.caption)).toBe('By val_accuracy, best first, means over 2 training seeds');
    expect(table!.rows).toEqual([['1, 2', '37.50 %', '0.1']]);

    const others = [3, 4].map((number) =>
      trial(number, { lambda: 0.2 }, { val_accuracy: 0.1 }, { configuration: 1, seed: number }),
    );
    const mean = { ...best(1, { lambda: 0.1 }, { val_accuracy: 0.25 }, 0.375), round: 'coarse', repeats: [1, 2] };
    const found = searchDocument(detail([round([...repeats, ...others])], { best: mean }), '').blocks;
    expect(words(found)).toContain('val_accuracy 37.50 % (mean of 2 repeats), with lambda = 0.1.');
    expect(captions(found)).toContain(
      '1 val_accuracy by lambda, mean over repeats, round by round; what a round drew from is shaded.',
    );
  });

  it('shows a gradient check tensor by tensor', () => {
    const metrics: Metrics = {};
    for (const difference of ['forward', 'central']) {
      for (const tensor of ['W1', 'b1']) {
        for (const [index, name] of [
          'mean_difference',
          'mean_absolute_difference',
          'max_absolute_difference',
          'max_relative_error',
        ].entries()) {
          metrics[`${difference}_${tensor}_${name}`] = (index + 1) / 1000;
        }
      }
    }
    const [table] = tablesOf(searchDocument(detail([round([trial(1, {}, metrics)])], { best: null }), '').blocks);
    expect(table!.label).toBe('Trial 1');
    expect(table!.rows).toEqual(
      ['forward', 'central'].flatMap((difference) =>
        ['W1', 'b1'].map((tensor) => [tensor, difference, '1.000e-3', '2.000e-3', '3.000e-3', '4.000e-3']),
      ),
    );
  });

  it('draws a range test against its rates', () => {
    const config = {
      kind: 'two-layer',
      dataset: { name: 'tiny', train: 80, validation: 20 },
      batch_size: 20,
      learning_rate: { schedule: 'range_test', min: 1e-4, max: 1, growth: 'exponential' },
      epochs: 4,
    };
    const tested = trial(1, {}, { val_accuracy: 0.5 }, { ...course(0.05), configJson: JSON.stringify(config) });
    const found = searchDocument(detail([round([tested])], { best: null }), '').blocks;
    expect(captions(found)).toContain(
      '1 Learning rate range test in round coarse: val_accuracy after each epoch against the rate that the epoch ended at.',
    );
  });

  it('is there of a search that has only begun, or in which nothing went well', () => {
    const pending = trial(1, { lambda: 1 }, {}, { state: 'TRIAL_PENDING' });
    for (const rounds of [[], [round([pending], { state: 'ROUND_OPEN' })]]) {
      const begun = searchDocument(detail(rounds, { best: null, resultDigest: '' }), '');
      expect(captions(begun.blocks)).toEqual([]);
      expect(words(begun.blocks)).toContain('No trial has a finite val_accuracy.');
      expect(words(begun.blocks)).toContain('no result digest');
    }
  });

  it('leaves out what no page bears, and says so', () => {
    const trials = Array.from({ length: 70 }, (_, index) =>
      trial(index + 1, { lambda: index + 1 }, { val_accuracy: 0.5 }),
    );
    const [table] = tablesOf(searchDocument(detail([round(trials)], { best: null }), '').blocks);
    expect(table!.rows).toHaveLength(50);
    expect(plainText(table!.caption)).toContain('20 more configurations not shown');
  });
});
