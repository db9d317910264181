import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../../coordinator/report/format.js';
import {
  comparedWith,
  sealOf,
  verificationJson,
  type VerifiedTrial,
} from '../../../../coordinator/report/verify/verification.js';
import { verificationText } from '../../../../coordinator/report/verify/text.js';
import { resultDigest, type DigestTrial } from '../../../../proto/digest.js';
import type { RecordedTrial } from '../../../../coordinator/report/verify/recorded-search.js';
import { recorded, recordedTrial } from '../../../support/recorded.js';
import { TINY_MACHINE } from '../../../support/search-fixtures.js';

const again = { kernel: 'wasm', machine: { ...TINY_MACHINE, node: '22.1.0' } };

/** The trial trained again, with other values in its last epoch. */
function trained(trial: RecordedTrial, changes: Partial<RecordedTrial> = {}): VerifiedTrial {
  const { state, epochs, metrics, weightsSha256 } = { ...trial, ...changes };
  return { trial, again, outcome: comparedWith(trial, { state, epochs, metrics, weightsSha256 }) };
}

const trials = [
  recordedTrial(1),
  recordedTrial(2, { epochs: [{ epoch: 1, metrics: { val_loss: 0.5, val_accuracy: NaN } }] }),
  recordedTrial(3),
  recordedTrial(4, { state: 'failed', epochs: [], metrics: {}, weightsSha256: '', computed: undefined }),
];
const search = recorded(trials);
const same = [trained(trials[0]!), trained(trials[1]!), trained(trials[2]!)];

function text(
  verified: readonly VerifiedTrial[],
  findings: Parameters<typeof verificationText>[0]['findings'] = [],
): string {
  const told = verificationText({ search, findings, trials: verified });
  for (const line of told.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  return told;
}

describe('what is told', () => {
  it('of a search that is verified: trials, values, digest, what trained, what was left out', () => {
    expect(text(same)).toBe(
      `left out, without results: trial 4 (failed)
verified: 3 of 3 trials, 13 values
  result digest ${'ef'.repeat(32)}
  trained again on wasm, vernier 0.0.1, Node.js 22.1.0 (V8 11.3), linux 6.1.0
    x64, Tiny 8080`,
    );
  });

  it('of one without any results: that its record is all there is', () => {
    const cancelled = { ...recorded([{ ...trials[3]!, state: 'cancelled' }]), resultDigest: '' };
    expect(verificationText({ search: cancelled, findings: [], trials: [] })).toBe(
      'left out, without results: trial 4 (cancelled)\nverified: the record alone, no trial has results',
    );
  });

  it('of one that differs: the first difference in full, the others in a line, both machines', () => {
    const next = {
      epochs: [{ epoch: 1, metrics: { val_loss: 0.5000000000000001, val_accuracy: 0.25 } }],
      weightsSha256: '',
    };
    expect(text([same[0]!, trained(trials[1]!, next), trained(trials[2]!, { state: 'diverged', metrics: {} })])).toBe(
      `differs: trial 2 of round coarse, epoch 1, val_accuracy
  the search has NaN  7ff8000000000000
  trained again  0.25  3fd0000000000000
  and 4 other values
also: trial 3 of round coarse, first state: completed, not diverged
  the search's ran on native (avx2), vernier 0.0.1, Node.js 20.0.0 (V8 11.3),
    linux 6.1.0 x64, Tiny 8080
  again it ran on wasm, vernier 0.0.1, Node.js 22.1.0 (V8 11.3), linux 6.1.0
    x64, Tiny 8080
left out, without results: trial 4 (failed)
not verified: 1 of 3 trials, 13 values compared`,
    );
  });

  it('of a value at the end, an epoch too few, the same machine', () => {
    const lone = trained(trials[0]!, { metrics: { val_loss: 2 } });
    expect(text([{ ...lone, again: trials[0]!.computed }])).toContain(
      `differs: trial 1 of round coarse, val_loss at the end
  the search has 1  3ff0000000000000
  trained again  2  4000000000000000
  both times it ran on native (avx2), `,
    );
    expect(text([trained(trials[0]!, { epochs: [] })])).toContain(
      'epoch 1\n  the search has is there\n  trained again  nothing\n',
    );
  });

  it('of a record that is wrong, and of trials that could not be trained', () => {
    const findings = [
      { what: 'trial 1, parameter lambda', recorded: 0.1, expected: 0.2 },
      { what: 'round \u001b[2J, name', recorded: 'a\nb', expected: undefined },
      { what: 'specification, rounds', recorded: { a: [1] }, expected: '' },
    ];
    const problem = { code: 'THREAD_CRASHED' as const, message: 'a trial thread died' };
    expect(text([same[0]!, { trial: trials[1]!, again, outcome: { problem } }], findings)).toBe(
      `wrong record: trial 1, parameter lambda
  recorded       0.1  3fb999999999999a
  it should be   0.2  3fc999999999999a
also: round \\u001b[2J, name: a\\nb, not nothing
also: specification, rounds: {"a":[1]}, not nothing
not trained: trial 2 of round coarse: a trial thread died
left out, without results: trial 4 (failed)
not verified: 1 of 3 trials, 4 values compared`,
    );
  });

  it('of very many: some, and how many more there are', () => {
    const findings = Array.from({ length: 50 }, (_, i) => ({ what: `trial ${i}`, recorded: 1, expected: 2 }));
    const lines = text(same, findings).split('\n');
    expect(lines.filter((line) => line.startsWith('also: '))).toHaveLength(20);
    expect(lines).toContain('and 29 more (--json has them all)');
  });
});

describe('whom the digest bears out', () => {
  const digest = resultDigest(trials as unknown as DigestTrial[], '1');

  it('is the record, while it has the digest of its results', () => {
    expect(sealOf({ ...search, resultDigest: digest }, [trained(trials[0]!, { weightsSha256: '' })])).toBe('record');
  });

  it('is the training, when its results have the recorded digest and those recorded have not', () => {
    const changed = trials.with(0, { ...trials[0]!, weightsSha256: 'aa' });
    const of = { ...recorded(changed), resultDigest: digest };
    expect(sealOf(of, [trained(changed[0]!, { weightsSha256: trials[0]!.weightsSha256 })])).toBe('training');
    expect(sealOf(of, [trained(changed[1]!)])).toBeUndefined();
    expect(sealOf({ ...of, resultDigest: '' }, [])).toBeUndefined();
  });
});

it('the JSON holds every difference with its bits, also of numbers that JSON does not have', () => {
  const other = trained(trials[1]!, { epochs: [{ epoch: 1, metrics: { val_loss: -Infinity, val_accuracy: 0.25 } }] });
  const json = verificationJson({ search, findings: [], trials: [same[0]!, other] });
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    verified: false,
    trialsVerified: 1,
    trialsTotal: 3,
    leftOut: [{ number: 4, state: 'failed' }],
  });
  expect(json.trials[1]?.differences).toEqual([
    {
      epoch: 1,
      what: 'val_accuracy',
      recorded: { value: 'NaN', bits: '7ff8000000000000' },
      again: { value: 0.25, bits: '3fd0000000000000' },
    },
    {
      epoch: 1,
      what: 'val_loss',
      recorded: { value: 0.5, bits: '3fe0000000000000' },
      again: { value: '-Infinity', bits: 'fff0000000000000' },
    },
  ]);
  expect(json.trials[1]).toMatchObject({ recordedOn: { kernel: 'native (avx2)' }, againOn: { kernel: 'wasm' } });
});
