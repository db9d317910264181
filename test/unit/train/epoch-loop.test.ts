import { describe, expect, it } from 'vitest';
import type { LayerParameters, NetworkGroup, NetworkStep, RecordsRegion } from '../../../worker/kernel/kernel.js';
import { CycleAverage } from '../../../worker/train/cycle-average.js';
import { DropoutMasks } from '../../../worker/train/dropout.js';
import { EarlyStopping } from '../../../worker/train/early-stopping.js';
import {
  trainSideBySide,
  type SharedTraining,
  type TrainingEnd,
  type TrainingRun,
} from '../../../worker/train/epoch-loop.js';
import { plainMiniBatches } from '../../../worker/train/mini-batches.js';
import type { TrainingPlan } from '../../../proto/training/plan.js';

/* What the loop asks of a network, and when; real networks are in trainers' tests. */

const region = { offset: 0, bytes: 0 };
const records: RecordsRegion = { images: region, labels: region, records: 100, inputs: 1 };
const testRecords: RecordsRegion = { ...records, records: 10 };

/** What is scripted of one network: by the number of its steps done. */
interface Script {
  squares?: (steps: number) => number;
  loss?: (steps: number) => number;
  /** Of the average, by its one weight: the mean number of steps done at the ends of cycles. */
  averageLoss?: (weight: number) => number;
}

class ScriptedNetwork {
  readonly steps: { eta: number; lambda: number; first: number; epochRow: number }[] = [];

  constructor(private readonly script: Script) {}

  private average: number | undefined;

  setParameters([layer]: readonly LayerParameters[]): void {
    this.average = layer!.weights[0];
  }
  /** Its one weight is the number of its steps. */
  parameters(): LayerParameters[] {
    return [{ weights: Float32Array.of(this.steps.length), bias: new Float32Array() }];
  }
  parameter(): number {
    throw new Error('training asks for no single parameter');
  }
  setParameter(): void {
    throw new Error('training sets no single parameter');
  }
  sumSquaredWeights(): number {
    return this.script.squares?.(this.steps.length) ?? 4;
  }
  get loss(): number {
    if (this.average !== undefined) return this.script.averageLoss?.(this.average) ?? this.average;
    return this.script.loss?.(this.steps.length) ?? 2;
  }
}

class ScriptedGroup implements NetworkGroup {
  readonly networks: readonly ScriptedNetwork[];
  readonly evaluations: string[] = [];
  /** Networks of each step, and of each evaluation. */
  readonly together: string[] = [];

  constructor(...scripts: Script[]) {
    this.networks = scripts.map((script) => new ScriptedNetwork(script));
  }

  setNormalisation(): void {}

  trainStep(_records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
    this.together.push(steps.map(({ network }) => network).join(''));
    for (const { network, eta, lambda } of steps) {
      this.networks[network]!.steps.push({ eta, lambda, first, epochRow: rows[0]! });
    }
  }

  evaluate(of: RecordsRegion, first: number, count: number, networks: readonly number[]) {
    this.evaluations.push(`${of === testRecords ? 'test' : 'records'} ${first}+${count}`);
    this.together.push(`evaluate ${networks.join('')}`);
    return networks.map((network) => ({ lossSum: count * this.networks[network]!.loss, correct: count / 2 }));
  }

  gradients(): never {
    throw new Error('training steps, and asks for no gradients');
  }

  batchLoss(): never {
    throw new Error('training asks for no loss of a mini-batch');
  }
}

/** The one network of a group of one. */
function only(group: ScriptedGroup): ScriptedNetwork {
  return group.networks[0]!;
}

const plan: TrainingPlan = { stepsPerEpoch: 5, totalSteps: 12, epochs: 3, learningRate: (step) => step };

type Changes = Partial<TrainingRun>;

/** Every run's end, with the epochs that it told. */
function runAll(group: NetworkGroup, changes: readonly Changes[], shared: Partial<SharedTraining> = {}) {
  const seen: number[][] = changes.map(() => []);
  const ends: TrainingEnd[] = [];
  trainSideBySide(
    {
      group,
      train: { records, first: 0, count: 50 },
      validation: { records, first: 50, count: 20 },
      test: { records: testRecords, first: 0, count: 10 },
      miniBatches: plainMiniBatches(records, 10, (epoch) => Uint32Array.of(epoch)),
      ...shared,
    },
    changes.map((change, index) => ({
      plan,
      lambda: 0.5,
      test: true,
      evaluate: { train: 'final', val: 'epoch' },
      cancelled: () => false,
      onEpoch: ({ epoch }) => seen[index]!.push(epoch),
      onEnd: (end) => {
        expect(ends[index]).toBeUndefined();
        ends[index] = end;
      },
      ...change,
    })),
  );
  return changes.map((_, index) => ({ ...ends[index]!, seen: seen[index]! }));
}

function run(group: NetworkGroup, change: Changes = {}, shared: Partial<SharedTraining> = {}) {
  return runAll(group, [change], shared)[0]!;
}

describe('a run alone', () => {
  it('walks the mini-batches of each epoch at the rate of the step, and cuts the last epoch', () => {
    const group = new ScriptedGroup({});
    const network = only(group);
    expect(run(group).seen).toEqual([1, 2, 3]);
    expect(network.steps.map(({ eta }) => eta)).toEqual(Array.from({ length: 12 }, (_, step) => step));
    expect(network.steps.map(({ first }) => first / 10)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    expect(network.steps.map(({ epochRow }) => epochRow)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
  });

  it('evaluates what is asked for, when it is, and the test records once at the end', () => {
    const group = new ScriptedGroup({});
    const { epochs, metrics } = run(group);
    expect(group.evaluations).toEqual(['records 50+20', 'records 50+20', 'records 0+50', 'records 50+20', 'test 0+10']);
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
    const group = new ScriptedGroup({});
    const nothing = { evaluate: { train: 'never', val: 'never' }, test: false } as const;
    expect(run(group, nothing).metrics).toEqual({});
    expect(group.evaluations).toEqual([]);
    const empty = { validation: { records, first: 50, count: 0 } };
    expect(Object.keys(run(new ScriptedGroup({}), { test: false }, empty).metrics)).toEqual([
      'train_cost',
      'train_loss',
      'train_accuracy',
    ]);
  });

  it('ends as diverged at the first epoch with a metric that is not finite', () => {
    for (const bad of [NaN, Infinity]) {
      const end = run(new ScriptedGroup({ loss: (steps) => (steps > 5 ? bad : 1) }));
      expect(end).toMatchObject({ outcome: 'diverged', seen: [1, 2] });
      expect(end.metrics).toEqual(end.epochs[1]!.metrics);
      expect(end.metrics['val_loss']).toBe(bad);
    }
  });

  it('ends as diverged by the weights alone where nothing is evaluated on the way', () => {
    const group = new ScriptedGroup({ squares: (steps) => (steps > 5 ? NaN : 1) });
    const end = run(group, { evaluate: { train: 'never', val: 'final' } });
    expect(end).toMatchObject({ outcome: 'diverged', seen: [1, 2], metrics: {} });
  });

  it('stops at the next step when it is cancelled', () => {
    const group = new ScriptedGroup({});
    const network = only(group);
    const end = run(group, { cancelled: () => network.steps.length === 7 });
    expect(end).toMatchObject({ outcome: 'cancelled', seen: [1] });
    expect(network.steps).toHaveLength(7);
  });
});

describe('early stopping', () => {
  const long = { ...plan, totalSteps: 48, epochs: 10 };
  const losses = (list: readonly number[]) => ({ loss: (steps: number) => list[Math.ceil(steps / 5) - 1]! });
  const stopping = (patience: number, min_delta?: number) => ({
    plan: long,
    earlyStopping: new EarlyStopping({ patience, ...(min_delta === undefined ? {} : { min_delta }) }),
  });

  it('ends a run, completed, after so many epochs in a row without a new best', () => {
    const group = new ScriptedGroup(losses([5, 4, 4, 3, 3.5, 3, 2]));
    const end = run(group, stopping(2));
    expect(end).toMatchObject({ outcome: 'completed', seen: [1, 2, 3, 4, 5, 6] });
    expect(only(group).steps).toHaveLength(30);
  });

  it('evaluates what belongs to a last epoch in the one it stopped at, and the rest not twice', () => {
    const group = new ScriptedGroup(losses([1, 1]));
    const { epochs, metrics } = run(group, stopping(1));
    expect(group.evaluations).toEqual(['records 50+20', 'records 50+20', 'records 0+50', 'test 0+10']);
    expect(Object.keys(epochs[1]!.metrics)).toEqual([
      'train_cost',
      'train_loss',
      'train_accuracy',
      'val_cost',
      'val_loss',
      'val_accuracy',
    ]);
    expect(Object.keys(metrics)).toHaveLength(9);
  });

  it('takes a loss for a new best only below the best minus min_delta', () => {
    const slowly = [5, 4.5, 4, 3.5, 3, 2.5, 2, 1.5, 1, 0.5];
    expect(run(new ScriptedGroup(losses(slowly)), stopping(1, 0.5)).seen).toEqual([1, 2]); // 4.5 is not below 4.5
    expect(run(new ScriptedGroup(losses(slowly)), stopping(2, 0.5)).seen).toHaveLength(10); // 4 is
    expect(run(new ScriptedGroup(losses(slowly)), stopping(1, 0.4)).seen).toHaveLength(10);
  });

  it('does not touch a run that its plan ends, nor one that diverges', () => {
    const end = run(new ScriptedGroup(losses([1, 1, 1])), { ...stopping(2), plan });
    expect(end.seen).toEqual([1, 2, 3]);
    const diverging = run(new ScriptedGroup(losses([1, NaN])), stopping(1));
    expect(diverging).toMatchObject({ outcome: 'diverged', seen: [1, 2] });
    expect(Object.keys(diverging.metrics)).toEqual(['val_cost', 'val_loss', 'val_accuracy']);
  });
});

describe('the average over cycles', () => {
  it('is taken at the ends of cycles, in mid-epoch too, and is what the last epoch and the test are of', () => {
    const group = new ScriptedGroup({});
    const { epochs, metrics } = run(group, { average: new CycleAverage(4) }); // 12 steps: ends at 4, 8, 12
    expect(epochs.map(({ metrics: { val_loss: loss } }) => loss)).toEqual([2, 2, 8]);
    expect([metrics['train_loss'], metrics['test_loss']]).toEqual([8, 8]);
  });

  it('leaves out a cycle that did not end', () => {
    expect(run(new ScriptedGroup({}), { average: new CycleAverage(7) }).metrics['val_loss']).toBe(7);
    expect(run(new ScriptedGroup({}), { average: new CycleAverage(13) }).metrics['val_loss']).toBe(2);
  });

  it('is of the cycles so far where the run is stopped early, by losses of the network as it was', () => {
    const group = new ScriptedGroup({ loss: () => 100 });
    const long = { ...plan, totalSteps: 48, epochs: 10 };
    const run3 = run(group, {
      plan: long,
      average: new CycleAverage(4),
      earlyStopping: new EarlyStopping({ patience: 2 }),
    });
    expect(run3.seen).toEqual([1, 2, 3]);
    expect(run3.epochs.map(({ metrics: { val_loss: loss } }) => loss)).toEqual([100, 100, 8]);
    expect(run3.metrics).toMatchObject({ train_loss: 8, val_loss: 8, test_loss: 8 });
    expect(group.evaluations).toEqual([
      ...Array.from({ length: 3 }, () => 'records 50+20'),
      'records 0+50',
      'records 50+20',
      'test 0+10',
    ]);
  });

  it('diverges by what it is, not by what the network was', () => {
    const finite = { loss: (steps: number) => (steps === 12 ? NaN : 1), averageLoss: () => 3 };
    expect(run(new ScriptedGroup(finite), { average: new CycleAverage(5) })).toMatchObject({ outcome: 'completed' });
    const infinite = { averageLoss: () => Infinity };
    const end = run(new ScriptedGroup(infinite), { average: new CycleAverage(5) });
    expect(end).toMatchObject({ outcome: 'diverged', seen: [1, 2, 3] });
  });
});

describe('momentum and dropout', () => {
  it('go into every step of their run alone, the masks anew in each epoch', () => {
    const seen: { network: number; momentum: number | undefined; kept: number[] | undefined }[] = [];
    class Watched extends ScriptedGroup {
      override trainStep(of: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
        for (const { network, momentum, dropout } of steps) {
          seen.push({ network, momentum, kept: dropout && [...dropout.kept[0]!] });
        }
        super.trainStep(of, rows, first, steps);
      }
    }
    runAll(new Watched({}, {}, {}), [{}, { momentum: 0.9 }, { dropout: new DropoutMasks(5, 0.5, [4], 10) }]);
    const of = (network: number) => seen.filter((step) => step.network === network);
    expect(of(0)).toEqual(Array.from({ length: 12 }, () => ({ network: 0 })));
    expect(of(1)).toEqual(Array.from({ length: 12 }, () => ({ network: 1, momentum: 0.9 })));
    const expected = [1, 2, 3].flatMap((epoch) => {
      const masks = new DropoutMasks(5, 0.5, [4], 10);
      masks.startEpoch(epoch);
      return Array.from({ length: epoch === 3 ? 2 : 5 }, () => [...masks.next().kept[0]!]);
    });
    expect(of(2).map(({ kept }) => kept)).toEqual(expected);
  });
});

describe('runs side by side', () => {
  const longer = { ...plan, totalSteps: 19, epochs: 4, learningRate: () => 9 };

  it('see the same mini-batches, each at its own rate and lambda, and each ends when it would alone', () => {
    const group = new ScriptedGroup({}, {});
    const ends = runAll(group, [{}, { plan: longer, lambda: 0.25 }]);
    for (const [index, change] of [{}, { plan: longer, lambda: 0.25 }].entries()) {
      const alone = new ScriptedGroup({});
      expect(ends[index]).toEqual(run(alone, change));
      expect(group.networks[index]!.steps).toEqual(only(alone).steps);
    }
    expect(ends.map(({ seen }) => seen)).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4],
    ]);
  });

  it('step and are evaluated together; a last epoch that is cut short is evaluated with the others', () => {
    const group = new ScriptedGroup({}, {});
    runAll(group, [{}, { plan: longer, test: false, evaluate: { train: 'never', val: 'epoch' } }]);
    expect(group.together.join(', ')).toBe(
      [
        '01, 01, 01, 01, 01, evaluate 01',
        '01, 01, 01, 01, 01, evaluate 01',
        '01, 01, 1, 1, 1, evaluate 0, evaluate 01, evaluate 0', // train, val, test
        '1, 1, 1, 1, evaluate 1',
      ].join(', '),
    );
  });

  it("draw an epoch's mini-batches once", () => {
    const drawn: number[] = [];
    const batchOrder = (epoch: number) => {
      drawn.push(epoch);
      return Uint32Array.of(epoch);
    };
    runAll(new ScriptedGroup({}, {}), [{}, { plan: longer }], {
      miniBatches: plainMiniBatches(records, 10, batchOrder),
    });
    expect(drawn).toEqual([1, 2, 3, 4]);
  });

  it('go on when one of them diverges or is cancelled, with all that they have alone', () => {
    const diverging: Script = { loss: (steps) => (steps > 5 ? NaN : 1) };
    const group = new ScriptedGroup(diverging, {}, {}, {});
    const cancelled = () => group.networks[2]!.steps.length === 7;
    const ends = runAll(group, [{}, {}, { cancelled }, { plan: longer }]);
    expect(ends.map(({ outcome }) => outcome)).toEqual(['diverged', 'completed', 'cancelled', 'completed']);
    expect(ends.map(({ seen }) => seen.length)).toEqual([2, 3, 1, 4]);
    expect(group.networks.map(({ steps }) => steps.length)).toEqual([10, 12, 7, 19]);
    expect(ends[0]).toEqual(run(new ScriptedGroup(diverging)));
    expect(ends[1]).toEqual(run(new ScriptedGroup({})));
    expect(ends[3]).toEqual(run(new ScriptedGroup({}), { plan: longer }));
  });

  it('end early one by one, each with its own average', () => {
    const losses = { loss: (steps: number) => (steps > 5 ? 3 : 15) };
    const changes = (): Changes[] => [
      { plan: longer, earlyStopping: new EarlyStopping({ patience: 1 }), average: new CycleAverage(3) },
      { plan: longer, average: new CycleAverage(4) },
      { plan: longer },
    ];
    const group = new ScriptedGroup(losses, losses, losses);
    const ends = runAll(group, changes());
    for (const [index, change] of changes().entries()) {
      expect(ends[index]).toEqual(run(new ScriptedGroup(losses), change));
    }
    expect(ends.map(({ seen }) => seen.length)).toEqual([3, 4, 4]);
    expect(group.networks.map(({ steps }) => steps.length)).toEqual([15, 19, 19]);
  });

  it('end with the last of them', () => {
    const group = new ScriptedGroup({}, {});
    const ends = runAll(group, [{ cancelled: () => true }, { cancelled: () => true }]);
    expect(ends.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled']);
    expect(group.together).toEqual([]);
  });
});
