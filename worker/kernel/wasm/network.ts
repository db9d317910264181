import type { Evaluation, LayerParameters, Network, NetworkShape, RecordsRegion, Region } from '../kernel.js';
import type { WasmExports } from './exports.js';
import { TILE, TILE_ROW, wasmLayout, type LayerPlace, type Tiled, type WasmLayout } from './layout.js';

/** A float32 network in the WASM kernel: the order of its calls, over places in the workspace. */
export class WasmNetwork implements Network {
  private readonly layout: WasmLayout;
  /** The workspace. It lies below what the memory may grow by. */
  private readonly floats: Float32Array;
  private readonly rowNumbers: Uint32Array;
  private readonly evaluation: DataView;

  constructor(
    private readonly wasm: WasmExports,
    memory: WebAssembly.Memory,
    private readonly shape: NetworkShape,
    private readonly workspace: Region,
  ) {
    this.layout = wasmLayout(shape);
    const { buffer } = memory;
    const { offset } = workspace;
    this.floats = new Float32Array(buffer, offset, this.layout.bytes / Float32Array.BYTES_PER_ELEMENT);
    // Tiles reach past the matrices: what they find there is of no account, but numbers left by others could be slow ones.
    this.floats.fill(0);
    this.rowNumbers = new Uint32Array(buffer, offset + this.layout.rowNumbers, this.layout.rows);
    this.evaluation = new DataView(buffer, offset + this.layout.evaluation);
  }

  setNormalisation(mean: Float64Array, deviation: Float64Array): void {
    this.floats.set(mean, this.layout.mean / 4);
    this.floats.set(
      deviation.map((value) => 1 / value),
      this.layout.inverseDeviation / 4,
    );
  }

  setParameters(layers: readonly LayerParameters[]): void {
    for (const [index, { weights, bias }] of layers.entries()) {
      const place = this.layout.layers[index] as LayerPlace;
      forEachWeight(place, (logical, tiled) => (this.floats[tiled] = weights[logical] as number));
      this.floats.set(bias, place.bias / 4);
    }
  }

  parameters(): LayerParameters[] {
    return this.layout.layers.map((place) => {
      const weights = new Float32Array(place.inputs * place.outputs);
      forEachWeight(place, (logical, tiled) => (weights[logical] = this.floats[tiled] as number));
      // slice() of an array in shared memory would be a copy in shared memory.
      const bias = Float32Array.from(this.floats.subarray(place.bias / 4, place.bias / 4 + place.outputs));
      return { weights, bias };
    });
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, eta: number, lambda: number): void {
    const { batchSize } = this.shape;
    this.rowNumbers.set(rows.subarray(first, first + batchSize));
    this.forward(records, batchSize);
    this.backward(records, batchSize, 1 - 2 * eta * lambda, eta);
  }

  evaluate(records: RecordsRegion, first: number, count: number): Evaluation {
    const result = this.address(this.layout.evaluation);
    this.evaluation.setFloat64(0, 0, true);
    this.evaluation.setUint32(8, 0, true);
    for (let done = 0; done < count; done += this.layout.rows) {
      const rows = Math.min(this.layout.rows, count - done);
      for (let i = 0; i < rows; i++) this.rowNumbers[i] = first + done + i;
      this.forward(records, rows);
      const { scores, outputs } = this.lastLayer();
      this.wasm.addToEvaluation(
        this.address(scores.offset),
        scores.tile,
        rows,
        outputs,
        records.labels.offset,
        this.address(this.layout.rowNumbers),
        result,
      );
    }
    return { lossSum: this.evaluation.getFloat64(0, true), correct: this.evaluation.getUint32(8, true) };
  }

  sumSquaredWeights(): number {
    let sum = 0;
    for (const { weights, inputs, outputs } of this.layout.layers) {
      sum = this.wasm.addSquares(this.address(weights.offset), weights.tile, inputs, outputs, sum);
    }
    return sum;
  }

  /** Leaves the activations of the first `rows` rows of rowNumbers, and the scores in the last layer. */
  private forward(records: RecordsRegion, rows: number): void {
    const { wasm, layout } = this;
    let { x } = layout;
    const mean = this.address(layout.mean);
    const inverse = this.address(layout.inverseDeviation);
    const rowNumbers = this.address(layout.rowNumbers);
    const from = records.images.offset;
    wasm.gather(from, records.inputs, rowNumbers, rows, mean, inverse, this.address(x.offset), x.panel);
    for (const { inputs, outputs, weights, bias, scores, activations } of layout.layers) {
      const z = this.address(scores.offset);
      const w = this.address(weights.offset);
      wasm.dense(this.address(x.offset), x.panel, rows, inputs, w, weights.tile, outputs, z, scores.tile);
      const b = this.address(bias);
      if (activations === undefined) {
        wasm.addBias(z, scores.tile, rows, outputs, b);
      } else {
        wasm.activate(z, scores.tile, rows, outputs, b, this.address(activations.offset), activations.panel);
        x = activations;
      }
    }
  }

  /**
   * Turns the scores into gradients and steps, from the last layer to the first. A layer's gradient by its inputs is taken
   * before its weights change; the gradient by a layer's products takes the place of the products.
   */
  private backward(records: RecordsRegion, rows: number, keep: number, eta: number): void {
    const { wasm, layout } = this;
    const last = this.lastLayer();
    wasm.softmaxGradient(
      this.address(last.scores.offset),
      last.scores.tile,
      rows,
      last.outputs,
      records.labels.offset,
      this.address(layout.rowNumbers),
    );
    for (let index = layout.layers.length - 1; index >= 0; index--) {
      const layer = layout.layers[index] as LayerPlace;
      const before = layout.layers[index - 1];
      const { inputs, outputs, scores: gradient, weights, bias } = layer;
      const g = this.address(gradient.offset);
      const w = this.address(weights.offset);
      if (before !== undefined) this.inputGradient(layer, before, rows);
      const x = before?.activations ?? layout.x;
      const from = this.address(x.offset);
      wasm.updateWeights(from, x.panel, rows, inputs, g, gradient.tile, outputs, w, weights.tile, keep, eta);
      wasm.updateBias(g, gradient.tile, rows, outputs, this.address(bias), eta);
    }
  }

  /** Leaves dJ/dz of the layer before in its place for the products. */
  private inputGradient(layer: LayerPlace, before: LayerPlace, rows: number): void {
    const { wasm } = this;
    const { inputs, outputs, scores, weights, backward } = layer;
    const { activations } = before;
    if (backward === undefined || activations === undefined) throw new TypeError('a hidden layer lacks its buffers');
    const g = this.address(backward.gradient.offset);
    const { panel } = backward.gradient;
    wasm.tiledToPanelled(this.address(scores.offset), scores.tile, rows, outputs, g, panel);
    const t = this.address(backward.transposed.offset);
    const tTile = backward.transposed.tile;
    wasm.transpose(this.address(weights.offset), weights.tile, inputs, outputs, t, tTile);
    const target = this.address(before.scores.offset);
    const { tile } = before.scores;
    wasm.dense(g, panel, rows, outputs, t, tTile, inputs, target, tile);
    wasm.maskInactive(target, tile, rows, inputs, this.address(activations.offset), activations.panel);
  }

  private lastLayer(): LayerPlace {
    return this.layout.layers.at(-1) as LayerPlace;
  }

  private address(offset: number): number {
    return this.workspace.offset + offset;
  }
}

/** Calls with a weight's index in logical row-major order, and in the workspace's floats. */
function forEachWeight(
  { inputs, outputs, weights }: { inputs: number; outputs: number; weights: Tiled },
  visit: (logical: number, tiled: number) => void,
): void {
  for (let k = 0; k < inputs; k++) {
    for (let j = 0; j < outputs; j++) {
      const tile = Math.floor(j / TILE) * weights.tile;
      visit(k * outputs + j, (weights.offset + tile + k * TILE_ROW) / 4 + (j % TILE));
    }
  }
}
