import type { Kernel, NetworkGroup, NetworkShape, RecordsRegion } from '../../worker/kernel/kernel.js';
import { madeUpRecords } from '../../worker/kernel/made-up-records.js';
import type { NodeMemory } from '../../worker/kernel/memory.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { spread, type Spread } from './measure.js';

/** Update steps of any networks, timed one by one. */

/** More bytes of CIFAR-10's size than a cache holds, visited in scattered order, as in training. */
const RECORDS = 10_000;
/** Not timed: the first touch of the memory, and the engine's compiling. */
const WARM_UP = 20;

/** The paper's network; with float32 and mini-batches of 100 unless said otherwise. */
export function paperShape(changes: Partial<NetworkShape> = {}): NetworkShape {
  return { layers: [3072, 50, 10], batchSize: 100, precision: 'float32', ...changes };
}

/** Operations of a step's products: forward, by the weights, and for all layers but the first by the inputs. */
export function productFlop({ layers, batchSize }: NetworkShape): number {
  return layers.slice(1).reduce((flop, outputs, layer) => {
    const product = 2 * batchSize * (layers[layer] as number) * outputs;
    return flop + product * (layer === 0 ? 2 : 3);
  }, 0);
}

/**
 * Milliseconds per step of networks side by side, gathering included.
 *
 * @param budgetMs how long to go on; at least five steps are timed
 */
export function timeSteps(
  kernel: Kernel,
  memory: NodeMemory,
  shapes: readonly NetworkShape[],
  budgetMs: number,
): Spread {
  return withGroup(kernel, memory, shapes, (group, records) => {
    const { batchSize } = shapes[0] as NetworkShape;
    const rows = Uint32Array.from({ length: RECORDS }, (_, i) => (i * 7919) % RECORDS);
    const steps = shapes.map((_, network) => ({ network, eta: 0.01, lambda: 0.001 }));
    const batches = Math.floor(RECORDS / batchSize);
    return timeRepeated(budgetMs, (step) => {
      group.trainStep(records, rows, (step % batches) * batchSize, steps);
    });
  });
}

/** Milliseconds to evaluate 10,000 records with one network. */
export function timeEvaluation(kernel: Kernel, memory: NodeMemory, shape: NetworkShape, budgetMs: number): Spread {
  return withGroup(kernel, memory, [shape], (group, records) =>
    timeRepeated(budgetMs, () => void group.evaluate(records, 0, RECORDS, [0])),
  );
}

/** Operations of that evaluation's products. */
export function evaluationFlop({ layers }: NetworkShape): number {
  return layers.slice(1).reduce((flop, outputs, layer) => flop + 2 * RECORDS * (layers[layer] as number) * outputs, 0);
}

export function timeRepeated(budgetMs: number, work: (turn: number) => void): Spread {
  const times: number[] = [];
  const begin = performance.now();
  for (let turn = 0; times.length < 5 || performance.now() - begin < budgetMs; turn++) {
    const start = performance.now();
    work(turn);
    if (turn >= WARM_UP || performance.now() - begin > budgetMs) times.push(performance.now() - start);
  }
  return spread(times);
}

/** Opens networks with the records that they are to see, and gives the memory back afterwards. */
function withGroup<Result>(
  kernel: Kernel,
  memory: NodeMemory,
  shapes: readonly NetworkShape[],
  use: (group: NetworkGroup, records: RecordsRegion) => Result,
): Result {
  const { layers } = shapes[0] as NetworkShape;
  const inputs = layers[0] as number;
  const classes = layers.at(-1) as number;
  const records = madeUpRecords(memory, inputs, RECORDS, (i) => i % classes);
  const workspace = memory.allocate(kernel.workspaceBytes(shapes));
  const group = kernel.open(shapes, workspace);
  group.setNormalisation(new Float64Array(inputs).fill(127.5), new Float64Array(inputs).fill(74));
  for (const [i, shape] of shapes.entries()) {
    group.networks[i]?.setParameters(initialParameters(i, shape.layers, shape.precision));
  }
  const result = use(group, records);
  for (const region of [workspace, records.images, records.labels]) memory.release(region);
  return result;
}
