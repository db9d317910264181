import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultDigest, type DigestTrial } from '../../../proto/digest.js';
import { NUMERICS_VERSION } from '../../../proto/versions.js';
import { hasPython, runPython } from '../../support/python.js';

function trial(overrides: Partial<DigestTrial> = {}): DigestTrial {
  return {
    number: 1,
    parameters: { lambda: 0.001 },
    seed: 7,
    state: 'completed',
    epochs: [
      { epoch: 1, metrics: { val_accuracy: 0.25 } },
      { epoch: 2, metrics: { val_accuracy: 0.5 } },
    ],
    metrics: { val_accuracy: 0.5 },
    weightsSha256: 'ab'.repeat(32),
    ...overrides,
  };
}

/** The double next to it, one bit away. */
function nextDouble(value: number): number {
  const bits = new BigUint64Array(new Float64Array([value]).buffer);
  bits[0] = (bits[0] ?? 0n) ^ 1n;
  return new Float64Array(bits.buffer)[0] ?? 0;
}

const three = [trial(), trial({ number: 2, seed: 8 }), trial({ number: 3, state: 'diverged' })];

describe('resultDigest', () => {
  it('is what it has always been', () => {
    expect(resultDigest(three)).toBe('e1a93ec44d39162ac37b2e7585a48258779878839afe86c4d7ddc697df5cd05a');
  });

  it.skipIf(!hasPython)('can be recomputed in Python', () => {
    const script = fileURLToPath(new URL('recompute_digest.py', import.meta.url));
    const trials = [
      ...three,
      trial({ number: 4, parameters: { activation: 'relu', bias: true, dropout: null, hidden: 50, lambda: 1e-5 } }),
      trial({ number: 5, metrics: { val_loss: -2.5, val_accuracy: 1 / 3 }, epochs: [], weightsSha256: '' }),
    ];
    expect(runPython(script, { numericsVersion: NUMERICS_VERSION, trials })).toBe(resultDigest(trials));
  });

  it('does not depend on the order in which trials or metrics are given', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(three, { minLength: 3 }), (shuffled) => {
        expect(resultDigest(shuffled)).toBe(resultDigest(three));
      }),
    );
    const one = trial({ metrics: { val_accuracy: 0.5, val_loss: 1 }, parameters: { a: 1, b: 2 } });
    const other = trial({ metrics: { val_loss: 1, val_accuracy: 0.5 }, parameters: { b: 2, a: 1 } });
    expect(resultDigest([one])).toBe(resultDigest([other]));
  });

  it('changes with the last bit of any number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
        const digest = (used: number): string[] => [
          resultDigest([trial({ parameters: { lambda: used } })]),
          resultDigest([trial({ metrics: { val_accuracy: used } })]),
          resultDigest([trial({ epochs: [{ epoch: 1, metrics: { val_accuracy: used } }] })]),
        ];
        const changed = digest(nextDouble(value));
        for (const [index, former] of digest(value).entries()) expect(changed[index]).not.toBe(former);
      }),
    );
  });

  it('has one form for NaN, so that a diverged trial repeats too', () => {
    const payload = new Float64Array(new BigUint64Array([0xfff8_0000_0000_beefn]).buffer)[0] ?? 0;
    const withNaN = (value: number): string =>
      resultDigest([trial({ state: 'diverged', metrics: { val_loss: value } })]);
    expect(withNaN(payload)).toBe(withNaN(Number.NaN));
    expect(withNaN(Infinity)).not.toBe(withNaN(Number.NaN));
  });

  it.each<[string, Partial<DigestTrial>]>([
    ['number', { number: 2 }],
    ['parameter', { parameters: { lambda: 0.002 } }],
    ['parameter name', { parameters: { lambd: 0.001 } }],
    ['type of a parameter', { parameters: { lambda: '0.001' } }],
    ['seed', { seed: 8 }],
    ['state', { state: 'diverged' }],
    ['epochs', { epochs: [{ epoch: 1, metrics: { val_accuracy: 0.25 } }] }],
    [
      'number of an epoch',
      {
        epochs: [
          { epoch: 1, metrics: { val_accuracy: 0.25 } },
          { epoch: 3, metrics: { val_accuracy: 0.5 } },
        ],
      },
    ],
    ['metric name', { metrics: { train_accuracy: 0.5 } }],
    ['sign of zero', { metrics: { val_accuracy: -0 } }],
    ['weights', { weightsSha256: 'ac'.repeat(32) }],
  ])('tells another %s', (_, change) => {
    const plain = change.metrics === undefined ? trial() : trial({ metrics: { val_accuracy: 0 } });
    expect(resultDigest([trial(change)])).not.toBe(resultDigest([plain]));
  });
});
