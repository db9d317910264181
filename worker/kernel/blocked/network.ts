import type { Evaluation, LayerParameters, Network } from '../kernel.js';
import { valuesAt, type Values } from '../workspace.js';
import type { BlockedFunctions } from './functions.js';
import {
  DEPTH_BLOCK,
  type BlockedLayout,
  type LayerPlace,
  type NetworkPlace,
  type Panels,
  type Rows,
} from './layout.js';

/** One network of a group: the order of a backend's calls, over places in the workspace. */
export class BlockedNetwork implements Network {
  private readonly values: Values;
  private readonly result: DataView;

  constructor(
    private readonly functions: BlockedFunctions,
    memory: WebAssembly.Memory,
    private readonly layout: BlockedLayout,
    private readonly place: NetworkPlace,
    private readonly workspace: number,
  ) {
    const { buffer } = memory;
    this.values = valuesAt(buffer, layout.precision, workspace, layout.bytes / layout.value);
    this.result = new DataView(buffer, workspace + place.evaluation, 12);
  }

  setParameters(layers: readonly LayerParameters[]): void {
    for (const [index, { weights, bias }] of layers.entries()) {
      const place = this.layer(index);
      this.forEachWeight(place, (logical, at) => (this.values[at] = weights[logical] as number));
      this.values.set(bias, place.bias / this.layout.value);
    }
  }

  parameters(): LayerParameters[] {
    const { precision, value } = this.layout;
    // slice() of an array in shared memory would be a copy in shared memory.
    const Values = precision === 'float32' ? Float32Array : Float64Array;
    return this.place.layers.map((place) => {
      const weights = new Values(place.inputs * place.outputs);
      this.forEachWeight(place, (logical, at) => (weights[logical] = this.values[at] as number));
      const bias = place.bias / value;
      return { weights, bias: Values.from(this.values.subarray(bias, bias + place.outputs)) };
    });
  }

  sumSquaredWeights(): number {
    let sum = 0;
    for (const { weights, inputs, outputs } of this.place.layers) {
      sum = this.functions.addSquares(this.address(weights.offset), weights.row, inputs, outputs, sum);
    }
    return sum;
  }

  /** Adds to the first layer's products what inputs first .. first + count give, which lie in the group's transposed block. */
  multiplyInputs(rows: number, first: number, count: number): void {
    const { transposed, value } = this.layout;
    const { outputs, weights, activations } = this.layer(0);
    this.functions.multiply(
      outputs,
      rows,
      count,
      this.address(weights.offset) + first * value,
      weights.row,
      value,
      this.address(transposed.offset),
      transposed.row,
      this.address(activations.offset),
      activations.row,
      first > 0 ? 1 : 0,
    );
  }

  /** From the first layer's products to the scores. */
  finishForward(rows: number): void {
    const { functions } = this;
    let before: Rows | undefined;
    for (const { inputs, outputs, weights, bias, activations, hidden } of this.place.layers) {
      if (before !== undefined) this.product(outputs, rows, inputs, weights, this.layout.value, before, activations);
      const z = this.address(activations.offset);
      const b = this.address(bias);
      if (hidden === undefined) functions.addBias(z, activations.row, outputs, rows, b);
      else functions.activate(z, activations.row, outputs, rows, b);
      before = activations;
    }
  }

  /**
   * Turns the scores into gradients and steps, from the last layer to the first. A layer's gradient by its inputs is taken
   * before its weights change.
   */
  backward(rows: number, labels: number, keep: number, eta: number): void {
    const { functions, layout, place } = this;
    const last = this.layer(place.layers.length - 1);
    const rowNumbers = this.address(layout.rowNumbers);
    const scores = this.address(last.activations.offset);
    functions.softmaxGradient(scores, last.activations.row, last.outputs, rows, labels, rowNumbers);
    let gradient = last.activations;
    for (let index = place.layers.length - 1; index >= 0; index--) {
      const layer = this.layer(index);
      const before = place.layers[index - 1];
      const input = before === undefined ? undefined : this.inputGradient(layer, before, gradient, rows);
      this.step(layer, gradient, input?.panels ?? layout.x, rows, keep, eta);
      if (input !== undefined) ({ gradient } = input);
    }
  }

  beginEvaluation(): void {
    this.result.setFloat64(0, 0, true);
    this.result.setUint32(8, 0, true);
  }

  addToEvaluation(rows: number, labels: number): void {
    const { outputs, activations } = this.layer(this.place.layers.length - 1);
    const scores = this.address(activations.offset);
    const rowNumbers = this.address(this.layout.rowNumbers);
    const result = this.address(this.place.evaluation);
    this.functions.addToEvaluation(scores, activations.row, outputs, rows, labels, rowNumbers, result);
  }

  evaluation(): Evaluation {
    return { lossSum: this.result.getFloat64(0, true), correct: this.result.getUint32(8, true) };
  }

  /** Leaves dJ/dz of the layer before, and that layer's activations in panels. */
  private inputGradient(
    { inputs, outputs, weights }: LayerPlace,
    before: LayerPlace,
    gradient: Rows,
    rows: number,
  ): { gradient: Rows; panels: Panels } {
    const { functions, layout } = this;
    const { hidden, activations } = before;
    if (hidden === undefined) throw new TypeError('a hidden layer lacks its buffers');
    const transposed = { offset: weights.offset, row: layout.value };
    this.product(inputs, rows, outputs, transposed, weights.row, gradient, hidden.gradient);
    const g = this.address(hidden.gradient.offset);
    const h = this.address(activations.offset);
    functions.maskInactive(g, hidden.gradient.row, inputs, rows, h, activations.row);
    functions.toPanels(h, activations.row, inputs, rows, this.address(hidden.panels.offset), hidden.panels.panel);
    return hidden;
  }

  private step(layer: LayerPlace, gradient: Rows, x: Panels, rows: number, keep: number, eta: number): void {
    const { inputs, outputs, weights, bias } = layer;
    const g = this.address(gradient.offset);
    const from = this.address(x.offset);
    const w = this.address(weights.offset);
    this.functions.update(outputs, inputs, rows, g, gradient.row, from, x.panel, w, weights.row, keep, eta);
    this.functions.updateBias(g, gradient.row, outputs, rows, this.address(bias), eta);
  }

  /** C [m, n] <- A [m, depth] B [depth, n], a block of the depth at a time. */
  private product(m: number, n: number, depth: number, a: Rows, aStep: number, b: Rows, c: Rows): void {
    for (let first = 0; first < depth; first += DEPTH_BLOCK) {
      this.functions.multiply(
        m,
        n,
        Math.min(DEPTH_BLOCK, depth - first),
        this.address(a.offset) + first * aStep,
        a.row,
        aStep,
        this.address(b.offset) + first * b.row,
        b.row,
        this.address(c.offset),
        c.row,
        first > 0 ? 1 : 0,
      );
    }
  }

  /** Visits a layer's weights as indices of the logical [inputs, outputs] array and of the workspace's numbers. */
  private forEachWeight({ inputs, outputs, weights }: LayerPlace, visit: (logical: number, at: number) => void): void {
    const start = weights.offset / this.layout.value;
    const row = weights.row / this.layout.value;
    for (let k = 0; k < inputs; k++) {
      for (let j = 0; j < outputs; j++) visit(k * outputs + j, start + j * row + k);
    }
  }

  private layer(index: number): LayerPlace {
    return this.place.layers[index] as LayerPlace;
  }

  private address(offset: number): number {
    return this.workspace + offset;
  }
}
