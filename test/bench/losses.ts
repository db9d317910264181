/**
 * Milliseconds per loss of a mini-batch of 20 records, in float64, with one weight changed before each, by networks side by side: what a
 * gradient check asks for hundreds of thousands of times. One core, every fast backend. One JSON object.
 *
 * usage: npx tsx test/bench/losses.ts [MILLISECONDS PER FIGURE] [BACKEND]     (default 1000, all; after npm run build)
 */
import { madeUpRecords } from '../../worker/kernel/made-up-records.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { BACKENDS, type Backend } from '../support/backends.js';
import { machine, type Spread } from './measure.js';
import { paperShape, timeRepeated } from './steps.js';

const SIDE_BY_SIDE = [1, 2, 3, 4, 6, 8, 16];
const RECORDS = 20;
const SHAPE = paperShape({ batchSize: RECORDS, precision: 'float64' });

interface Times {
  /** Of one network's loss. */
  loss: Spread;
  /** Of one network's sum of squares, which a penalty needs beside it. */
  squares: Spread;
}

function times(open: Backend['open'], width: number, budgetMs: number): Times {
  const memory = new NodeMemory();
  const kernel = open(memory.memory);
  const shapes = Array.from({ length: width }, () => SHAPE);
  const inputs = SHAPE.layers[0] as number;
  const records = madeUpRecords(memory, inputs, 1000, (i) => i % 10);
  const group = kernel.open(shapes, memory.allocate(kernel.workspaceBytes(shapes)));
  group.setNormalisation(new Float64Array(inputs).fill(127.5), new Float64Array(inputs).fill(74));
  const parameters = initialParameters(1, SHAPE.layers, 'float64');
  for (const network of group.networks) network.setParameters(parameters);
  const all = shapes.map((_, network) => network);
  const rows = Uint32Array.from({ length: RECORDS }, (_, i) => (i * 791) % 1000);
  const weights = inputs * 50;
  const each = ({ min, median, max }: Spread): Spread => ({
    min: min / width,
    median: median / width,
    max: max / width,
  });
  return {
    loss: each(
      timeRepeated(budgetMs, (turn) => {
        for (const network of group.networks) {
          const index = (turn * 7919) % weights;
          const value = network.parameter(0, 'weights', index);
          network.setParameter(0, 'weights', index, value + 1e-5);
        }
        group.batchLoss(records, rows, 0, all);
      }),
    ),
    squares: each(
      timeRepeated(budgetMs / 4, () => {
        for (const network of group.networks) network.sumSquaredWeights();
      }),
    ),
  };
}

const [budget = '1000', only] = process.argv.slice(2);
const backends = BACKENDS.filter(({ name, label }) => name !== 'reference' && (only === undefined || label === only));
console.log(
  JSON.stringify({
    machine: machine(),
    work: 'the loss of 20 records of 3072-50-10, float64; milliseconds per loss, by networks side by side',
    backends: Object.fromEntries(
      backends.map(({ label, open }) => [
        label,
        Object.fromEntries(SIDE_BY_SIDE.map((width) => [width, times(open, width, Number(budget))])),
      ]),
    ),
  }),
);
