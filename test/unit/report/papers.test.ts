import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparisonText } from '../../../coordinator/report/comparison-text.js';
import { plainText, type Block, type TableBlock } from '../../../coordinator/report/document/document.js';
import { learningCurves } from '../../../coordinator/report/figures/learning-curves.js';
import { renderSvg } from '../../../coordinator/report/figures/render.js';
import { bestTrial, comparisons, type PaperResults } from '../../../coordinator/report/papers/comparisons.js';
import { PAPERS } from '../../../coordinator/report/papers/index.js';
import { paperDocument } from '../../../coordinator/report/papers/paper-document.js';
import type { Paper } from '../../../coordinator/report/papers/paper.js';
import { parseSearchFile } from '../../../coordinator/spec/search-file.js';
import { GRADIENT_CHECK_METRICS } from '../../../proto/trainers/gradient-check.js';
import { packageRoot } from '../../../proto/package-root.js';
import { epochToWire } from '../../../proto/wire.js';
import type { EpochMetrics__Output } from '../../../proto/generated/vernier/v1/EpochMetrics.js';
import { detail, round, trial } from './fixtures.js';

const GRADIENT_METRICS = {
  forward_W1_mean_difference: 4.5e-8,
  forward_W1_mean_absolute_difference: 4.6e-8,
  forward_W1_max_absolute_difference: 2e-7,
  forward_W1_max_relative_error: 0.05,
  central_W1_mean_difference: 2.22e-12,
  central_W1_mean_absolute_difference: 1.5e-11,
  central_W1_max_absolute_difference: 8e-11,
  central_W1_max_relative_error: 1e-5,
};

const epochs = [1, 2, 3].map(
  (epoch) =>
    epochToWire({
      epoch,
      metrics: {
        train_cost: 3 - epoch / 2,
        val_cost: 3.2 - epoch / 3,
        train_loss: 2,
        val_loss: 2,
        train_accuracy: 0.3,
        val_accuracy: 0.2,
      },
    }) as EpochMetrics__Output,
);

const search = (name: string, rounds: Parameters<typeof detail>[0]) => {
  const found = detail(rounds);
  return { ...found, search: { ...found.search!, name, id: `id-${name}` } };
};

/** Of every kind of part one. */
const PAPER: Paper = {
  id: 'nobody-1999',
  title: 'Nobody (1999)',
  reference: 'Nobody, Nothing, 1999',
  summary: 'nothing',
  introduction: ['Said before.'],
  experiments: [
    { file: 'gradients.yaml', name: 'gradients', ownSeeds: true },
    { file: 'search.yaml', name: 'lambdas' },
  ],
  sections: [
    {
      heading: 'Gradients',
      parts: [
        { kind: 'prose', text: 'Some prose.' },
        {
          kind: 'gradients',
          experiment: 'gradients',
          label: 'Table 1',
          caption: 'seed 42',
          trial: { seed: 42, parameters: { choice: 'random' } },
          entries: [{ tensor: 'W1', forward: 4e-8, central: 1.11e-12 }],
        },
      ],
    },
    {
      heading: 'Search',
      parts: [
        { kind: 'heading', text: 'Coarse' },
        {
          kind: 'best',
          experiment: 'lambdas',
          round: 'coarse',
          name: 'Coarse',
          caption: 'The best two',
          parameter: 'lambda',
          entries: [
            { accuracy: 0.52, log10: -3 },
            { accuracy: 0.51, log10: -4 },
          ],
        },
        {
          kind: 'curves',
          experiment: 'lambdas',
          round: 'final',
          figures: [{ number: 7, measure: 'cost', caption: 'Cost.' }],
        },
        {
          kind: 'final',
          experiment: 'lambdas',
          round: 'final',
          name: 'Best',
          caption: 'Best lambda',
          paper: { test_accuracy: 0.5221 },
          metrics: [
            { metric: 'test_accuracy', what: 'test accuracy' },
            { metric: 'val_cost', what: 'validation cost' },
          ],
        },
      ],
    },
  ],
};

const gradients = search('gradients', [
  round([
    trial(1, { choice: 'first' }, { ...GRADIENT_METRICS, forward_W1_mean_difference: 1 }, { seed: 42 }),
    trial(2, { choice: 'random' }, { ...GRADIENT_METRICS, forward_W1_mean_difference: 1 }, { seed: 400 }),
    trial(3, { choice: 'random' }, GRADIENT_METRICS, { seed: 42 }),
  ]),
]);
const lambdas = search('lambdas', [
  round(
    [
      trial(1, { lambda: 0.1 }, { val_accuracy: 0.4 }),
      trial(2, { lambda: 0.001 }, { val_accuracy: 0.53 }),
      trial(3, { lambda: 0.0001 }, { val_accuracy: 0.505 }),
    ],
    { name: 'coarse' },
  ),
  round([trial(4, { lambda: 0.001 }, { val_accuracy: 0.55, test_accuracy: 0.525, val_cost: 1.25 }, { epochs })], {
    name: 'final',
    index: 1,
  }),
]);
const RESULTS: PaperResults = new Map([
  ['gradients', gradients],
  ['lambdas', lambdas],
]);

describe('a paper’s numbers beside ours', () => {
  it('are all there, each from its own trial', () => {
    expect(comparisons(PAPER, RESULTS)).toEqual([
      {
        experiment: 'gradients',
        what: 'Table 1: W1, analytical - numerical',
        unit: 'deviation',
        paper: 4e-8,
        ours: 4.5e-8,
      },
      {
        experiment: 'gradients',
        what: 'Table 1: W1, analytical - slow',
        unit: 'deviation',
        paper: 1.11e-12,
        ours: 2.22e-12,
      },
      { experiment: 'lambdas', what: 'Coarse: validation accuracy 1', unit: 'accuracy', paper: 0.52, ours: 0.53 },
      {
        experiment: 'lambdas',
        what: 'Coarse: log10 lambda 1',
        unit: 'log10',
        paper: -3,
        ours: expect.closeTo(-3, 14) as number,
      },
      { experiment: 'lambdas', what: 'Coarse: validation accuracy 2', unit: 'accuracy', paper: 0.51, ours: 0.505 },
      {
        experiment: 'lambdas',
        what: 'Coarse: log10 lambda 2',
        unit: 'log10',
        paper: -4,
        ours: expect.closeTo(-4, 14) as number,
      },
      { experiment: 'lambdas', what: 'Best: test accuracy', unit: 'accuracy', paper: 0.5221, ours: 0.525 },
    ]);
  });

  it('are absent, not wrong, where a search has not got them', () => {
    const without: PaperResults = new Map([['lambdas', search('lambdas', [round([], { name: 'coarse' })])]]);
    const ours = comparisons(PAPER, without).map((each) => each.ours);
    expect(ours).toHaveLength(7);
    expect(ours.every(Number.isNaN)).toBe(true);
    expect(comparisonText(comparisons(PAPER, without))).not.toContain('NaN');
  });

  it('are of the last round where the paper’s part names none', () => {
    expect(bestTrial(lambdas)?.number).toBe(4);
    expect(bestTrial(lambdas, 'coarse')?.number).toBe(2);
    expect(bestTrial(lambdas, 'absent')).toBeUndefined();
  });

  it('fit a terminal', () => {
    const text = comparisonText(comparisons(PAPER, RESULTS));
    expect(text).toMatchInlineSnapshot(`
      "                                                 paper    this run  difference
      Table 1: W1, analytical - numerical           4.000e-8    4.500e-8   +5.000e-9
      Table 1: W1, analytical - slow               1.110e-12   2.220e-12  +1.110e-12
      Coarse: validation accuracy 1                  52.00 %     53.00 %       +1.00
      Coarse: log10 lambda 1                         −3.0000     −3.0000      0.0000
      Coarse: validation accuracy 2                  51.00 %     50.50 %       −0.50
      Coarse: log10 lambda 2                         −4.0000     −4.0000      0.0000
      Best: test accuracy                            52.21 %     52.50 %       +0.29"
    `);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

const tables = (blocks: readonly Block[]): Map<string, TableBlock> =>
  new Map(
    blocks.flatMap((block) => (block.kind === 'table' ? [[plainText(block.label ?? block.caption), block]] : [])),
  );
const cells = (table: TableBlock | undefined): string[][] => (table?.rows ?? []).map((row) => row.map(plainText));

describe('a paper’s report', () => {
  const { title, blocks } = paperDocument(PAPER, RESULTS, ' --store x.db');
  const found = tables(blocks);

  it('has its sections in order', () => {
    expect(title).toBe('Nobody (1999)');
    expect(blocks.flatMap((block) => (block.kind === 'heading' ? [`${block.level} ${block.text}`] : []))).toEqual([
      '2 At a glance',
      '2 Gradients',
      '2 Search',
      '3 Coarse',
      '2 What was computed',
      '3 gradients',
      '3 lambdas',
      '2 Times and machines',
    ]);
  });

  it('has the paper’s columns and the honest ones', () => {
    expect(cells(found.get('Table 1'))).toEqual([
      ['W1', 'numerical', '4.000e-8', '4.500e-8', '+5.000e-9', '1.13', '4.600e-8', '2.000e-7', '5.000e-2'],
      ['W1', 'slow', '1.110e-12', '2.220e-12', '+1.110e-12', '2.00', '1.500e-11', '8.000e-11', '1.000e-5'],
    ]);
  });

  it('sets accuracies and lambdas beside the paper’s with their differences', () => {
    expect(cells(found.get('The best two'))).toEqual([
      ['1', '52.00 %', '53.00 %', '+1.00', '−3.0000', '−3.0000', expect.stringMatching(/^[+−]?0\.0000$/)],
      ['2', '51.00 %', '50.50 %', '−0.50', '−4.0000', '−4.0000', expect.stringMatching(/^[+−]?0\.0000$/)],
    ]);
    expect(cells(found.get('Best lambda'))).toEqual([
      ['test accuracy', '52.21 %', '52.50 %', '+0.29'],
      ['validation cost', '–', '1.2500', '–'],
    ]);
  });

  it('draws the trial’s own curves', () => {
    const figures = blocks.flatMap((block) => (block.kind === 'figure' ? [block] : []));
    expect(figures.map(({ number }) => number)).toEqual([7]);
    const points = (values: readonly number[]) => values.map((value, index) => ({ epoch: index + 1, value }));
    const expected = learningCurves({
      description: 'Line chart: Cost.',
      axis: 'cost',
      curves: [
        { label: 'training', points: points([2.5, 2, 1.5]) },
        { label: 'validation', points: points([1, 2, 3].map((epoch) => 3.2 - epoch / 3)) },
      ],
    });
    expect(renderSvg(figures[0]!.figure)).toBe(renderSvg(expected));
  });

  it('says by which command it was made, with the seed where one was given', () => {
    const command = (seed?: number): string =>
      paperDocument(PAPER, RESULTS, '', seed)
        .blocks.map((block) => (block.kind === 'paragraph' ? plainText(block.text) : ''))
        .find((text) => text.startsWith('This report')) ?? '';
    expect(command()).toContain('vernier reproduce nobody-1999.');
    expect(command(0)).toContain('vernier reproduce nobody-1999 --seed 0.');
  });

  it('keeps ids, times and machines in its last part, with the commands that check it', () => {
    const last = blocks.findIndex((block) => block.kind === 'heading' && block.text === 'Times and machines');
    const other = lambdasWith({ id: 'zzz', createdMs: 1e12, endedMs: 2e12 });
    const again = paperDocument(
      PAPER,
      new Map([
        ['gradients', gradients],
        ['lambdas', other],
      ]),
      '',
    );
    expect(JSON.stringify(again.blocks.slice(0, last))).toBe(JSON.stringify(blocks.slice(0, last)));
    expect(JSON.stringify(again.blocks.slice(last))).not.toBe(JSON.stringify(blocks.slice(last)));
    expect(blocks.at(-1)).toEqual({
      kind: 'code',
      text: 'vernier verify id-gradients --store x.db --all\nvernier verify id-lambdas --store x.db --all',
    });
    expect(JSON.stringify(blocks.slice(0, last))).toContain('ef'.repeat(32)); // the result digest
  });
});

function lambdasWith(changes: object) {
  return { ...lambdas, search: { ...lambdas.search, ...changes } };
}

describe.each(PAPERS)('$id', ({ experiments, sections }) => {
  const files = new Map(
    experiments.map(({ file, name }) => {
      const text = readFileSync(resolve(packageRoot, file), 'utf8');
      return [name, parseSearchFile(text, { fileName: file, datasets: [] })];
    }),
  );
  const parts = sections.flatMap((section) => section.parts);

  it('refers to searches and rounds that its files have', () => {
    for (const [name, { spec }] of files) expect(spec.name).toBe(name);
    for (const part of parts) {
      if (!('experiment' in part)) continue;
      const spec = files.get(part.experiment)?.spec;
      expect(spec, part.experiment).toBeDefined();
      if ('round' in part) expect(spec?.rounds.map(({ name }) => name)).toContain(part.round);
    }
  });

  it('shows what its files have evaluated', () => {
    for (const part of parts) {
      if (part.kind === 'curves') {
        const { rounds } = files.get(part.experiment)!.spec;
        const trained = rounds.find(({ name }) => name === part.round) ?? rounds.at(-1)!;
        expect(trained.trial['evaluate']).toEqual({ train: 'epoch', val: 'epoch' });
        expect(trained.trial['test']).toBe(true);
      }
      if (part.kind !== 'gradients') continue;
      const { trainingSeeds, parameters } = files.get(part.experiment)!.spec;
      expect(trainingSeeds).toContain(part.trial.seed);
      for (const [name, value] of Object.entries(part.trial.parameters)) {
        const definition = parameters[name];
        expect(definition?.distribution === 'categorical' && definition.values).toContain(value);
      }
      for (const { tensor } of part.entries) {
        expect(GRADIENT_CHECK_METRICS).toContain(`forward_${tensor}_mean_difference`);
      }
    }
  });
});

describe('the report of garcia-sanz-2020', () => {
  it('has the paper’s four tables and nine figures', () => {
    const [paper] = PAPERS;
    const parts = paper!.sections.flatMap((section) => section.parts);
    expect(parts.flatMap((part) => (part.kind === 'gradients' ? [part.label] : []))).toEqual(
      [1, 2, 3, 4].map((number) => `Table ${number}`),
    );
    const figures = parts.flatMap((part) => (part.kind === 'curves' ? part.figures : []));
    expect(figures.map(({ number, measure }) => `${number} ${measure}`)).toEqual([
      '1 cost',
      '2 loss',
      '3 accuracy',
      '4 cost',
      '5 loss',
      '6 accuracy',
      '7 cost',
      '8 loss',
      '9 accuracy',
    ]);
  });
});
