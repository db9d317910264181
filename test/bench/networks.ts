/**
 * Milliseconds per update step of larger and deeper networks, larger and smaller mini-batches and float64, on one core with every
 * fast backend, and the rate of the step's products (the whole step's time counts). One JSON object.
 *
 * usage: npx tsx test/bench/networks.ts [MILLISECONDS PER FIGURE]     (default 1500; after npm run build)
 */
import { NodeMemory } from '../../worker/kernel/memory.js';
import { BACKENDS } from '../support/backends.js';
import { machine } from './measure.js';
import { paperShape, productFlop, timeSteps } from './steps.js';

const SHAPES = [
  paperShape(),
  paperShape({ layers: [3072, 10, 10] }),
  paperShape({ layers: [3072, 500, 10] }),
  paperShape({ layers: [3072, 1000, 10] }),
  paperShape({ layers: [3072, 2000, 10] }),
  paperShape({ layers: [3072, 256, 128, 10] }),
  paperShape({ batchSize: 1 }),
  paperShape({ batchSize: 10 }),
  paperShape({ batchSize: 1000 }),
  paperShape({ layers: [3072, 2000, 10], batchSize: 1000 }),
  paperShape({ precision: 'float64' }),
  paperShape({ layers: [3072, 500, 10], precision: 'float64' }),
];

const budgetMs = Number(process.argv[2] ?? 1500);
console.log(
  JSON.stringify({
    machine: machine(),
    networks: SHAPES.map((shape) => ({
      network: shape.layers.join('-'),
      batch: shape.batchSize,
      precision: shape.precision,
      backends: Object.fromEntries(
        BACKENDS.filter(({ name }) => name !== 'reference').map(({ label, open }) => {
          const memory = new NodeMemory();
          const { min, median } = timeSteps(open(memory.memory), memory, [shape], budgetMs);
          return [label, { min, median, gflops: Math.round(productFlop(shape) / median / 1e5) / 10 }];
        }),
      ),
    })),
  }),
);
