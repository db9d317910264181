import { expect, it } from 'vitest';
import { computedText, provenanceJson, provenanceText } from '../../../coordinator/report/provenance.js';
import { displayWidth } from '../../../coordinator/report/format.js';
import { TINY_MACHINE } from '../../support/search-fixtures.js';
import { detail, round, trial } from './fixtures.js';

const [attempt] = trial(1, {}, {}).attempts;
const lost = { ...attempt!, end: 'worker lost', kernel: 'reference', machine: 2 };
const other = { ...TINY_MACHINE, version: '0.0.2', processor: 'Other' };

const search = detail(
  [
    round([
      trial(1, { lambda: 0.001 }, {}, { attempts: [lost, { ...attempt!, number: 2 }] }),
      trial(2, { lambda: 0.002 }, {}),
      trial(3, { lambda: 0.003 }, {}, { attempts: [{ ...attempt!, kernel: 'native (avx2)', machine: 2 }] }),
      trial(4, { lambda: 0.004 }, {}, { attempts: [{ ...attempt!, machine: 0 }] }),
      trial(5, { lambda: 0.005 }, {}, { state: 'TRIAL_CANCELLED', attempts: [lost] }),
    ]),
  ],
  { machines: [TINY_MACHINE, other] },
);

it('tells the file, its digests, and what the results that count were computed by', () => {
  const tiny = 'Node.js 20.0.0 (V8 11.3), linux 6.1.0 x64';
  const text = provenanceText(search, 1000).split('\n');
  expect(text).toEqual([
    'File quickstart.yaml, specification cdcdcdcdcdcd, seed 42, data tiny 8950abfda7b7, numerics 1',
    `Taken by vernier 0.0.1, ${tiny}`,
    `2 trials on wasm, vernier 0.0.1, ${tiny}, Tiny 8080`,
    `1 trial on native (avx2), vernier 0.0.2, ${tiny}, Other`,
    '1 trial on wasm, a machine that was not recorded',
  ]);
  for (const line of provenanceText(search).split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
});

it('says what was not recorded', () => {
  const old = detail([round([trial(1, {}, {}, { attempts: [{ ...attempt!, machine: 0 }] })])], {
    fileName: '',
    fileSha256: '',
    machines: [],
    takenBy: 0,
  });
  expect(provenanceText(old, 1000)).toContain('File not recorded, ');
  expect(provenanceText(old, 1000)).not.toContain('Taken by');
  expect(provenanceJson(old)).toMatchObject({ file: null, fileSha256: null, takenBy: null, machines: [] });
});

it('lets no text of a worker write to the terminal', () => {
  expect(computedText({ kernel: 'wasm', machine: { ...TINY_MACHINE, processor: 'a\u001b[2Jb' } })).not.toContain(
    '\u001b',
  );
});
