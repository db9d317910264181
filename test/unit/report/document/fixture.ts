import type { ReportDocument } from '../../../../coordinator/report/document/document.js';
import { learningCurves } from '../../../../coordinator/report/figures/learning-curves.js';

/** Every kind of block, with what each format has to escape. */
export const DOCUMENT: ReportDocument = {
  title: 'Search a_b & <c>',
  blocks: [
    { kind: 'heading', level: 2, text: 'Round 1: 100 % of *it*' },
    {
      kind: 'paragraph',
      text: ['Best: ', { strong: 'trial 3' }, ' by ', { code: 'val_accuracy' }, ', η = 1e-5 → 1e-1; García − Sanz’s.'],
    },
    { kind: 'paragraph', text: '1. no list, 2 | 3, $4, ~5~, #6, a\\b, `c`, {d}, 50 %, ^e, "f" and \'g\' -- h' },
    { kind: 'list', items: ['- no list in a list', ['ends in ', { code: 'a`|`b' }]] },
    { kind: 'heading', level: 3, text: 'Tables & code' },
    {
      kind: 'table',
      label: 'Table 1',
      caption: 'of <b>bold</b> & |bars|',
      columns: [
        { head: 'name_1', align: 'left' },
        { head: 'a | b', align: 'right' },
      ],
      rows: [
        ['x|y', '1.5'],
        [[{ code: 'p|q' }], '−2'],
        ['line\nend', '漢 🙂'],
      ],
    },
    { kind: 'code', text: 'vernier verify 3f2a --all --store "a b.db"\n\necho 100% ``` $HOME_1' },
    {
      kind: 'figure',
      number: 4,
      caption: 'Loss of [the] best_trial.',
      figure: learningCurves({
        description: 'Line chart: loss of "the" best_trial <1>',
        axis: 'loss',
        curves: [
          { label: 'training', points: [2.5, 2, 1.5].map((value, index) => ({ epoch: index + 1, value })) },
          { label: 'a < b & c', points: [2.5, NaN, 2].map((value, index) => ({ epoch: index + 1, value })) },
        ],
      }),
    },
  ],
};

/** Texts that a name, a message or a parameter may hold, and that mean something in one format or another. */
export const NASTY_TEXTS = [
  '<script>alert(1)</script>',
  '</style></svg><img src=x onerror=alert(1)>',
  '"onmouseover="alert(1)',
  "' onfocus='x",
  '&amp;&lt;',
  '\\input{/etc/passwd}\\write18{id}',
  '$x^2$ \\(a\\) {b} ~c~ %d #e',
  '_a_ *b* __c__ `d` ![e](f) [g](h) <http://i>',
  '|a|b|',
  '\n\n# heading\n- item',
  '```\nfence',
  '\u0000\u001b[31m\u202e',
  'Ünïcödé λ → ∞ 漢字 🙂',
  '- item',
  '12. item',
  '     indented',
  '=====',
  '',
] as const;
