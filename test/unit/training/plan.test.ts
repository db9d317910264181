import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { twoLayerSchema, type TwoLayerInput } from '../../../proto/trainers/two-layer.js';
import { planTraining } from '../../../proto/training/plan.js';

const triangular = (stepSize: TriangularInput['step_size']): TwoLayerInput['learning_rate'] => ({
  schedule: 'triangular',
  min: 1e-5,
  max: 1e-1,
  step_size: stepSize,
});
type TriangularInput = Extract<TwoLayerInput['learning_rate'], { schedule: 'triangular' }>;

function plan(settings: Partial<TwoLayerInput>) {
  return planTraining(
    twoLayerSchema.parse({
      kind: 'two-layer',
      dataset: { name: 'd', train: 10_000, validation: 0 },
      learning_rate: triangular(500),
      ...settings,
    }),
  );
}

describe('planTraining', () => {
  it("gives the paper's runs their lengths", () => {
    // Configuration 1: 10,000 records, n_s 500, one cycle is 10 epochs. Configuration 2: n_s 800, 3 cycles, 48 epochs.
    expect(plan({ cycles: 1 })).toMatchObject({ stepsPerEpoch: 100, totalSteps: 1000, epochs: 10 });
    expect(plan({ cycles: 3, learning_rate: triangular(800) })).toMatchObject({ totalSteps: 4800, epochs: 48 });
    // Best lambda: 49,000 records, n_s = 4 * 490 = 1,960, 3 cycles are 24 epochs.
    const best = plan({
      dataset: { name: 'd', train: 49_000, validation: 1000 },
      learning_rate: triangular({ epochs: 4 }),
      cycles: 3,
    });
    expect(best).toMatchObject({ stepsPerEpoch: 490, totalSteps: 11_760, epochs: 24 });
    expect(best.learningRate(1960)).toBeCloseTo(0.1, 12);
  });

  it('drops an incomplete mini-batch and cuts the last epoch short', () => {
    expect(
      plan({ dataset: { name: 'd', train: 1099, validation: 0 }, cycles: 1, learning_rate: triangular(7) }),
    ).toMatchObject({ stepsPerEpoch: 10, totalSteps: 14, epochs: 2 });
  });

  it('rounds a step size in epochs down to whole steps, at least one', () => {
    const settings = { dataset: { name: 'd', train: 300, validation: 0 }, cycles: 1 };
    expect(plan({ ...settings, learning_rate: triangular({ epochs: 2.5 }) }).totalSteps).toBe(2 * 7);
    expect(plan({ ...settings, learning_rate: triangular({ epochs: 0.1 }) }).totalSteps).toBe(2 * 1);
    expect(plan({ ...settings, learning_rate: triangular({ steps: 5 }) }).totalSteps).toBe(2 * 5);
  });

  it('trains whole epochs where epochs are asked for, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (batch, more, epochs) => {
          const train = batch + more;
          const {
            stepsPerEpoch,
            totalSteps,
            epochs: planned,
          } = plan({
            dataset: { name: 'd', train, validation: 0 },
            batch_size: batch,
            learning_rate: { schedule: 'constant', value: 0.1 },
            epochs,
          });
          expect(stepsPerEpoch * batch).toBeLessThanOrEqual(train);
          expect((stepsPerEpoch + 1) * batch).toBeGreaterThan(train);
          expect([totalSteps, planned]).toEqual([epochs * stepsPerEpoch, epochs]);
        },
      ),
    );
  });

  it.each<[string, Partial<TwoLayerInput>, RegExp]>([
    ['no length', {}, /neither cycles nor epochs/],
    ['two lengths', { cycles: 1, epochs: 2 }, /cycles 1 and epochs 2/],
    ['more epochs than a result has room for', { cycles: 2001 }, /20010 epochs .* 20000/],
    ['no whole mini-batch', { cycles: 1, batch_size: 20_000 }, /batch_size 20000 .* 10000/],
    [
      'cycles of a constant rate',
      { cycles: 1, learning_rate: { schedule: 'constant', value: 1 } },
      /cyclical schedule/,
    ],
  ])('refuses %s', (_, settings, message) => {
    expect(() => plan(settings)).toThrow(
      expect.objectContaining({ code: 'TRIAL_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('schedules', () => {
  it('know how long the whole training is', () => {
    const settings = { epochs: 4, learning_rate: { schedule: 'one_cycle', max: 0.1 } } as const;
    const { learningRate, totalSteps } = plan(settings);
    expect(totalSteps).toBe(400);
    expect(learningRate(399)).toBe(0.1 / 25 / 10_000);
  });

  it.each(['triangular', 'triangular2', 'exp_range'] as const)('train in cycles by %s', (schedule) => {
    const cycle = { min: 0, max: 1, step_size: { epochs: 1.5 } };
    const learning_rate = schedule === 'exp_range' ? { schedule, ...cycle, gamma: 0.5 } : { schedule, ...cycle };
    expect(plan({ cycles: 3, learning_rate })).toMatchObject({ cycleSteps: 300, totalSteps: 900, epochs: 9 });
  });

  it('outlast their warm-up', () => {
    const cosine = (warmup: number): Partial<TwoLayerInput> => {
      return { epochs: 2, learning_rate: { schedule: 'cosine', min: 0, max: 1, warmup } };
    };
    expect(plan(cosine(199)).learningRate(199)).toBe(1);
    expect(() => plan(cosine(200))).toThrow(/warm-up of 200 update steps .* 200/);
  });
});
