import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareResults, type TrialResults } from '../../../../coordinator/report/verify/trial.js';
import type { EpochMetrics, Metrics } from '../../../../proto/domain.js';

const metricName = fc.constantFrom('val_loss', 'val_accuracy', 'train_cost', 'test_loss');
const metrics: fc.Arbitrary<Metrics> = fc.dictionary(metricName, fc.double(), { maxKeys: 4, noNullPrototype: true });
const epochs: fc.Arbitrary<EpochMetrics[]> = fc
  .array(metrics, { maxLength: 5 })
  .map((list) => list.map((each, index) => ({ epoch: index + 1, metrics: each })));
const results: fc.Arbitrary<TrialResults> = fc.record({
  state: fc.constantFrom('completed' as const, 'diverged' as const),
  epochs,
  metrics,
  weightsSha256: fc.constantFrom('aa', 'bb'),
});

/** The same in other objects, keys in the other order. */
function copied({ state, epochs: list, metrics: last, weightsSha256 }: TrialResults): TrialResults {
  const turned = (of: Metrics): Metrics => Object.fromEntries(Object.entries(of).toReversed());
  return {
    state,
    epochs: list.map((each) => ({ epoch: each.epoch, metrics: turned(each.metrics) })),
    metrics: turned(last),
    weightsSha256,
  };
}

function count({ epochs: list, metrics: last }: TrialResults): number {
  const inEpochs = list.reduce((sum, each) => sum + Object.keys(each.metrics).length, 0);
  return inEpochs + Object.keys(last).length + 2;
}

/** The double whose bits differ in one place, from the least of the mantissa (0) to the sign (63). */
function flipped(value: number, bit: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) ^ (1n << BigInt(bit)));
  return view.getFloat64(0);
}

describe('comparing a trial with what it gave again', () => {
  it('finds nothing between equal results, whatever order their metrics come in, and has looked at every value', () => {
    fc.assert(
      fc.property(results, (one) => {
        expect(compareResults(one, copied(one))).toEqual({ values: count(one), differences: [] });
      }),
    );
  });

  it('finds any one bit of any one metric, and nothing else', () => {
    fc.assert(
      fc.property(results, fc.nat(), fc.nat(63), (one, where, bit) => {
        const other = copied(one);
        const places = [
          ...other.epochs.flatMap((each) =>
            Object.keys(each.metrics).map((name) => ({
              epoch: each.epoch as number | undefined,
              of: each.metrics,
              name,
            })),
          ),
          ...Object.keys(other.metrics).map((name) => ({ epoch: undefined, of: other.metrics, name })),
        ];
        const place = places[where % Math.max(1, places.length)];
        if (place === undefined) return;
        const { of, name, epoch } = place;
        const recorded = of[name]!;
        of[name] = flipped(recorded, bit);
        fc.pre(!(Number.isNaN(recorded) && Number.isNaN(of[name])));
        const { differences } = compareResults(one, other);
        expect(differences).toHaveLength(1);
        expect(differences[0]).toMatchObject({ epoch, what: name });
        expect(Object.is(differences[0]!.recorded, recorded)).toBe(true);
        expect(Object.is(differences[0]!.again, of[name])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same seen from the other side', () => {
    fc.assert(
      fc.property(results, results, (one, other) => {
        const there = compareResults(one, other);
        const back = compareResults(other, one);
        expect(back.values).toBe(there.values);
        expect(back.differences).toEqual(
          there.differences.map(({ recorded, again, ...place }) => ({ ...place, recorded: again, again: recorded })),
        );
      }),
    );
  });

  it('finds a missing and an additional epoch, metric, state and digest, in the order of training', () => {
    const one: TrialResults = {
      state: 'completed',
      epochs: [
        { epoch: 1, metrics: { val_loss: 1, val_accuracy: 0.1 } },
        { epoch: 2, metrics: { val_loss: 0.5 } },
      ],
      metrics: { val_loss: 0.5, test_loss: 0.6 },
      weightsSha256: 'aa',
    };
    const other: TrialResults = {
      state: 'diverged',
      epochs: [
        { epoch: 1, metrics: { val_loss: 1, train_loss: 2 } },
        { epoch: 3, metrics: { val_loss: 0.5 } },
      ],
      metrics: { val_loss: 0.5 },
      weightsSha256: '',
    };
    expect(compareResults(one, other).differences).toEqual([
      { epoch: 1, what: 'train_loss', recorded: undefined, again: 2 },
      { epoch: 1, what: 'val_accuracy', recorded: 0.1, again: undefined },
      { epoch: 2, what: 'epoch', recorded: 'is there', again: undefined },
      { epoch: 3, what: 'epoch', recorded: undefined, again: 'is there' },
      { epoch: undefined, what: 'state', recorded: 'completed', again: 'diverged' },
      { epoch: undefined, what: 'test_loss', recorded: 0.6, again: undefined },
      { epoch: undefined, what: 'weights', recorded: 'aa', again: '' },
    ]);
  });

  it('takes every NaN for the same, and 0 and -0 for different', () => {
    const of = (value: number): TrialResults => ({
      state: 'diverged',
      epochs: [],
      metrics: { a: value },
      weightsSha256: '',
    });
    expect(compareResults(of(NaN), of(flipped(NaN, 3))).differences).toEqual([]);
    expect(compareResults(of(0), of(-0)).differences).toHaveLength(1);
    expect(compareResults(of(NaN), of(Infinity)).differences).toHaveLength(1);
  });
});
