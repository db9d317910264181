/**
 * The step's two large products alone, as shares of the limit: what one core does at most of separate multiplications and
 * additions in its registers, measured in the same run. One network of 3072-50-10, four of them side by side, one with 500
 * hidden units; mini-batches of 100, every fast backend. One JSON object.
 *
 * usage: npx tsx test/bench/products.ts [MILLISECONDS PER FIGURE]     (default 1500; after npm run build)
 */
import { blockedLayout, DEPTH_BLOCK, type BlockedLayout, type LayerPlace } from '../../worker/kernel/blocked/layout.js';
import type { BlockedFunctions } from '../../worker/kernel/blocked/functions.js';
import type { NetworkShape, Precision } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { loadNativeAddon } from '../../worker/kernel/native/index.js';
import type { KernelRecipe } from '../../worker/kernel/recipe.js';
import { blockedFunctions } from '../../worker/kernel/wasm/exports.js';
import { instantiate } from '../../worker/kernel/wasm/module.js';
import { multiplyAddPeak } from '../../worker/kernel/wasm/peak.js';
import { BACKENDS } from '../support/backends.js';
import { machine } from './measure.js';
import { paperShape, timeRepeated } from './steps.js';
import { valuesAt } from '../../worker/kernel/workspace.js';

type Fast = Exclude<KernelRecipe, { name: 'reference' }>;

const CASES: Record<string, NetworkShape[]> = {
  'one trial': [paperShape()],
  'four side by side': Array.from({ length: 4 }, () => paperShape()),
  'hidden 500': [paperShape({ layers: [3072, 500, 10] })],
  'one trial, float64': [paperShape({ precision: 'float64' })],
};

function functionsOf(
  recipe: Fast,
  memory: WebAssembly.Memory,
  precision: Precision,
  scratch: number,
): BlockedFunctions {
  if (recipe.name === 'native') return loadNativeAddon().functions(recipe.width, memory)[precision];
  return blockedFunctions(instantiate(recipe.module, memory), precision === 'float32' ? '32' : '64', scratch);
}

/** Operations a second: of the native kernel's widths the best, for the processor's units are the same. */
function limitOf({ name }: Fast, precision: Precision, milliseconds: number): number {
  if (name === 'wasm') return multiplyAddPeak(precision, milliseconds);
  const addon = loadNativeAddon();
  return Math.max(...addon.widths.map((width) => addon.multiplyAddPeak(width, precision, milliseconds)));
}

/** Where a first layer's matrices lie, as addresses. */
class FirstLayer {
  constructor(
    private readonly functions: BlockedFunctions,
    private readonly layout: BlockedLayout,
    private readonly place: LayerPlace,
    private readonly workspace: number,
    private readonly rows: number,
  ) {}

  forward(first: number): void {
    const { outputs, weights, activations } = this.place;
    const { value, transposed, inputs } = this.layout;
    this.functions.multiply(
      outputs,
      this.rows,
      Math.min(DEPTH_BLOCK, inputs - first),
      this.workspace + weights.offset + first * value,
      weights.row,
      value,
      this.workspace + transposed.offset,
      transposed.row,
      this.workspace + activations.offset,
      activations.row,
      first > 0 ? 1 : 0,
    );
  }

  update(): void {
    const { inputs, outputs, weights, hidden } = this.place;
    if (hidden === undefined) throw new TypeError('the first layer is hidden');
    const { offset, panel } = this.layout.x;
    const g = this.workspace + hidden.gradient.offset;
    const w = this.workspace + weights.offset;
    this.functions.update(
      outputs,
      inputs,
      this.rows,
      g,
      hidden.gradient.row,
      this.workspace + offset,
      panel,
      w,
      weights.row,
      0.999,
      0.001,
    );
  }
}

function measure(recipe: Fast, shapes: readonly NetworkShape[], budgetMs: number): object {
  const { batchSize, precision } = shapes[0] as NetworkShape;
  const memory = new NodeMemory();
  const layout = blockedLayout(shapes);
  const workspace = memory.allocate(layout.bytes);
  const functions = functionsOf(recipe, memory.memory, precision, workspace.offset + layout.scratch);
  // Ordinary numbers of a few magnitudes, none of them subnormal.
  const values = valuesAt(memory.memory.buffer, precision, workspace.offset, layout.bytes / layout.value);
  for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % 1000) / 1e5 - 0.005;
  const layers = layout.networks.map(
    ({ layers: [place] }) => new FirstLayer(functions, layout, place as LayerPlace, workspace.offset, batchSize),
  );
  const forward = timeRepeated(budgetMs, () => {
    for (let first = 0; first < layout.inputs; first += DEPTH_BLOCK) for (const layer of layers) layer.forward(first);
  });
  const update = timeRepeated(budgetMs, () => {
    for (const layer of layers) layer.update();
  });
  const flop = layers.length * 2 * batchSize * layout.inputs * (layout.networks[0]?.layers[0]?.outputs as number);
  const limit = limitOf(recipe, precision, budgetMs / 5);
  const share = (milliseconds: number, operations: number) =>
    Math.round((operations / (milliseconds / 1000) / limit) * 1000) / 1000;
  return {
    limitGflops: Math.round(limit / 1e8) / 10,
    forwardMs: forward.median,
    updateMs: update.median,
    share: share(forward.median + update.median, 2 * flop),
    forwardShare: share(forward.median, flop),
    updateShare: share(update.median, flop),
  };
}

const budgetMs = Number(process.argv[2] ?? 1500);
console.log(
  JSON.stringify({
    machine: machine(),
    backends: Object.fromEntries(
      BACKENDS.flatMap(({ label, recipe }) =>
        recipe.name === 'reference'
          ? []
          : [
              [
                label,
                Object.fromEntries(
                  Object.entries(CASES).map(([name, shapes]) => [name, measure(recipe, shapes, budgetMs)]),
                ),
              ],
            ],
      ),
    ),
  }),
);
