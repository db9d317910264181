import { describe, expect, it } from 'vitest';
import type { NetworkGroup, NetworkStep, RecordsRegion } from '../../../worker/kernel/kernel.js';
import { runEpochs, type TrainingRun } from '../../../worker/train/epoch-loop.js';
import type { TrainingPlan } from '../../../worker/train/plan.js';

/* What the loop asks of a network, and when; real networks are in trainers' tests. */

const region = { offset: 0, bytes: 0 };
const records: RecordsRegion = { images: region, labels: region, records: 100, inputs: 1 };
const testRecords: RecordsRegion = { ...records, records: 10 };

class ScriptedNetwork implements NetworkGroup {
  readonly steps: { eta: number; first: number; epochRow: number }[] = [];
  readonly evaluations: string[] = [];

  /** `squares` and `losses` by number of steps done. */
  constructor(
    private readonly script: { squares?: (steps: number) => number; loss?: (steps: number) => number } = {},
  ) {}

  readonly networks = [this];

  setNormalisation(): void {}
  setParameters(): void {}
  parameters(): never[] {
    return [];
  }
  trainStep(_records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
    this.steps.push({ eta: steps[0]!.eta, first, epochRow: rows[0]! });
  }
  evaluate(of: RecordsRegion, first: number, count: number) {
    this.evaluations.push(`${of === testRecords ? 'test' : 'records'} ${first}+${count}`);
    return [{ lossSum: count * (this.script.loss?.(this.steps.length) ?? 2), correct: count / 2 }];
  }
  sumSquaredWeights(): number {
    return this.script.squares?.(this.steps.length) ?? 4;
  }
}

const plan: TrainingPlan = { stepsPerEpoch: 5, totalSteps: 12, epochs: 3, learningRate: (step) => step };

function run(network: NetworkGroup, changes: Partial<TrainingRun> = {}) {
  const seen: number[] = [];
  const end = runEpochs({
    group: network,
    plan,
    batchSize: 10,
    lambda: 0.5,
    train: { records, first: 0, count: 50 },
    validation: { records, first: 50, count: 20 },
    test: { records: testRecords, first: 0, count: 10 },
    evaluate: { train: 'final', val: 'epoch' },
    batchOrder: (epoch) => Uint32Array.of(epoch),
    cancelled: () => false,
    onEpoch: ({ epoch }) => seen.push(epoch),
    ...changes,
  });
  return { ...end, seen };
}

describe('runEpochs', () => {
  it('walks the mini-batches of each epoch at the rate of the step, and cuts the last epoch', () => {
    const network = new ScriptedNetwork();
    expect(run(network).seen).toEqual([1, 2, 3]);
    expect(network.steps.map(({ eta }) => eta)).toEqual(Array.from({ length: 12 }, (_, step) => step));
    expect(network.steps.map(({ first }) => first / 10)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    expect(network.steps.map(({ epochRow }) => epochRow)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
  });

  it('evaluates what is asked for, when it is, and the test records once at the end', () => {
    const network = new ScriptedNetwork();
    const { epochs, metrics } = run(network);
    expect(network.evaluations).toEqual([
      'records 50+20',
      'records 50+20',
      'records 0+50',
      'records 50+20',
      'test 0+10',
    ]);
    expect(Object.keys(epochs[0]!.metrics)).toEqual(['val_cost', 'val_loss', 'val_accuracy']);
    // loss 2, cost = 2 + 0.5 * 4
    expect(metrics).toEqual({
      train_cost: 4,
      train_loss: 2,
      train_accuracy: 0.5,
      val_cost: 4,
      val_loss: 2,
      val_accuracy: 0.5,
      test_cost: 4,
      test_loss: 2,
      test_accuracy: 0.5,
    });
    expect(epochs[2]!.metrics).not.toHaveProperty('test_accuracy');
  });

  it('evaluates nothing where nothing is asked, and no empty part', () => {
    const network = new ScriptedNetwork();
    const nothing = { evaluate: { train: 'never', val: 'never' }, test: undefined } as const;
    expect(run(network, nothing).metrics).toEqual({});
    const empty = { validation: { records, first: 50, count: 0 }, test: undefined };
    expect(Object.keys(run(network, empty).metrics)).toEqual(['train_cost', 'train_loss', 'train_accuracy']);
  });

  it('ends as diverged at the first epoch with a metric that is not finite', () => {
    for (const bad of [NaN, Infinity]) {
      const end = run(new ScriptedNetwork({ loss: (steps) => (steps > 5 ? bad : 1) }));
      expect(end).toMatchObject({ outcome: 'diverged', seen: [1, 2] });
      expect(end.metrics).toEqual(end.epochs[1]!.metrics);
      expect(end.metrics['val_loss']).toBe(bad);
    }
  });

  it('ends as diverged by the weights alone where nothing is evaluated on the way', () => {
    const network = new ScriptedNetwork({ squares: (steps) => (steps > 5 ? NaN : 1) });
    const end = run(network, { evaluate: { train: 'never', val: 'final' } });
    expect(end).toMatchObject({ outcome: 'diverged', seen: [1, 2], metrics: {} });
  });

  it('stops at the next step when it is cancelled', () => {
    const network = new ScriptedNetwork();
    const end = run(network, { cancelled: () => network.steps.length === 7 });
    expect(end).toMatchObject({ outcome: 'cancelled', seen: [1] });
    expect(network.steps).toHaveLength(7);
  });
});
