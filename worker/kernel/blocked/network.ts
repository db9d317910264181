import type { Dropout, Evaluation, LayerParameters, Network, NetworkStep, ParameterTensor } from '../kernel.js';
import { keptUnits, roomFor } from '../room.js';
import type { BlockedFunctions } from './functions.js';
import {
  DEPTH_BLOCK,
  type BlockedLayout,
  type LayerPlace,
  type NetworkPlace,
  type Panels,
  type ParameterPlace,
  type Rows,
} from './layout.js';
import { WorkspaceTensors } from './tensors.js';

/** What becomes of a layer's gradient: `gradient` is dJ/dz, by rows, `x` the layer's input. */
type UseGradient = (layer: LayerPlace, gradient: Rows, x: Panels) => void;

/** One network of a group: the order of a backend's calls, over places in the workspace. */
export class BlockedNetwork implements Network {
  private readonly tensors: WorkspaceTensors;
  private readonly result: DataView;

  constructor(
    private readonly functions: BlockedFunctions,
    memory: WebAssembly.Memory,
    private readonly layout: BlockedLayout,
    private readonly place: NetworkPlace,
    private readonly workspace: number,
  ) {
    const { buffer } = memory;
    this.tensors = new WorkspaceTensors(buffer, layout.precision, workspace, layout.bytes);
    this.result = new DataView(buffer, workspace + place.evaluation, 12);
  }

  setParameters(layers: readonly LayerParameters[]): void {
    for (const [index, parameters] of layers.entries()) {
      const layer = this.layer(index);
      this.tensors.write(layer, layer, parameters);
      if (layer.velocity !== undefined) this.tensors.clear(layer, layer.velocity);
    }
  }

  parameters(): LayerParameters[] {
    return this.place.layers.map((layer) => this.tensors.read(layer, layer));
  }

  parameter(index: number, tensor: ParameterTensor, at: number): number {
    const layer = this.layer(index);
    return this.tensors.get(layer, layer, tensor, at);
  }

  setParameter(index: number, tensor: ParameterTensor, at: number, value: number): void {
    const layer = this.layer(index);
    this.tensors.set(layer, layer, tensor, at, value);
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
  finishForward(rows: number, dropout?: Dropout): void {
    const { functions } = this;
    let before: Rows | undefined;
    for (const [index, layer] of this.place.layers.entries()) {
      const { inputs, outputs, weights, bias, activations, hidden } = layer;
      if (before !== undefined) this.product(outputs, rows, inputs, weights, this.layout.value, before, activations);
      const z = this.address(activations.offset);
      const b = this.address(bias);
      if (hidden === undefined) {
        functions.addBias(z, activations.row, outputs, rows, b);
      } else {
        functions.activate(z, activations.row, outputs, rows, b);
        if (dropout !== undefined) this.drop(index, layer, roomFor('dropout', hidden.factors), rows, dropout);
      }
      before = activations;
    }
  }

  /** From the scores of a mini-batch to parameters that have taken the step. */
  finishStep(rows: number, labels: number, { eta, lambda, momentum, dropout }: NetworkStep): void {
    const isDropped = dropout !== undefined;
    if (momentum === undefined) {
      const keep = 1 - 2 * eta * lambda;
      this.backward(rows, labels, isDropped, (layer, gradient, x) =>
        this.update(layer, layer, gradient, x, rows, keep, eta),
      );
    } else {
      this.backward(rows, labels, isDropped, (layer, gradient, x) =>
        this.momentumStep(layer, gradient, x, rows, momentum, 2 * lambda, eta),
      );
    }
  }

  /** From the scores of a mini-batch to gradients; parameters are left as they are. */
  finishGradients(rows: number, labels: number, isDropped: boolean): LayerParameters[] {
    this.backward(rows, labels, isDropped, (layer, gradient, x) => {
      const to = roomFor('gradients', layer.gradient);
      this.tensors.clear(layer, to);
      // 0 * 0 - (-1) G is G to the last bit: a sum that starts from 0 is never -0.
      this.update(layer, to, gradient, x, rows, 0, -1);
    });
    return this.place.layers.map((layer) => this.tensors.read(layer, roomFor('gradients', layer.gradient)));
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

  /**
   * Turns the scores into each layer's gradient, from the last layer to the first. A layer's gradient by its inputs is taken
   * before its weights may change.
   *
   * @param isDropped whether the forward pass was one with dropout, and left its factors
   */
  private backward(rows: number, labels: number, isDropped: boolean, use: UseGradient): void {
    const { functions, layout, place } = this;
    const last = this.layer(place.layers.length - 1);
    const rowNumbers = this.address(layout.rowNumbers);
    const scores = this.address(last.activations.offset);
    functions.softmaxGradient(scores, last.activations.row, last.outputs, rows, labels, rowNumbers);
    let gradient = last.activations;
    for (let index = place.layers.length - 1; index >= 0; index--) {
      const layer = this.layer(index);
      const before = place.layers[index - 1];
      const input = before === undefined ? undefined : this.inputGradient(layer, before, gradient, rows, isDropped);
      use(layer, gradient, input?.panels ?? layout.x);
      if (input !== undefined) ({ gradient } = input);
    }
  }

  /** Leaves dJ/dz of the layer before, and that layer's activations in panels. */
  private inputGradient(
    { inputs, outputs, weights }: LayerPlace,
    before: LayerPlace,
    gradient: Rows,
    rows: number,
    isDropped: boolean,
  ): { gradient: Rows; panels: Panels } {
    const { functions, layout } = this;
    const { hidden, activations } = before;
    if (hidden === undefined) throw new TypeError('a hidden layer lacks its buffers');
    const transposed = { offset: weights.offset, row: layout.value };
    this.product(inputs, rows, outputs, transposed, weights.row, gradient, hidden.gradient);
    const g = this.address(hidden.gradient.offset);
    const h = this.address(activations.offset);
    if (isDropped && hidden.factors !== undefined) this.multiplyElements(hidden.gradient, hidden.factors, inputs, rows);
    functions.maskInactive(g, hidden.gradient.row, inputs, rows, h, activations.row);
    functions.toPanels(h, activations.row, inputs, rows, this.address(hidden.panels.offset), hidden.panels.panel);
    return hidden;
  }

  /** Drops units of a hidden layer, and leaves the factors for the backward pass. */
  private drop(
    index: number,
    { outputs, activations }: LayerPlace,
    factors: Rows,
    rows: number,
    dropout: Dropout,
  ): void {
    this.tensors.writeFactors(factors, rows, outputs, keptUnits(dropout, index, rows, outputs), dropout.scale);
    this.multiplyElements(activations, factors, outputs, rows);
  }

  private multiplyElements(z: Rows, factors: Rows, units: number, rows: number): void {
    this.functions.multiplyElements(
      this.address(z.offset),
      z.row,
      units,
      rows,
      this.address(factors.offset),
      factors.row,
    );
  }

  /** V <- momentum V + G + decay W, W <- W - eta V, v <- momentum v + g, b <- b - eta v. */
  private momentumStep(
    layer: LayerPlace,
    gradient: Rows,
    x: Panels,
    rows: number,
    momentum: number,
    decay: number,
    eta: number,
  ): void {
    const { functions } = this;
    const { inputs, outputs, weights, bias } = layer;
    const velocity = roomFor('momentum', layer.velocity);
    const g = this.address(gradient.offset);
    const from = this.address(x.offset);
    const v = this.address(velocity.weights.offset);
    const vRow = velocity.weights.row;
    // V - (-1) G is V + G to the last bit.
    functions.update(outputs, inputs, rows, g, gradient.row, from, x.panel, v, vRow, momentum, -1);
    functions.momentumStep(outputs, inputs, v, vRow, this.address(weights.offset), weights.row, decay, eta);
    const vBias = this.address(velocity.bias);
    functions.momentumBias(g, gradient.row, outputs, rows, vBias, this.address(bias), momentum, eta);
  }

  /** P <- keep P - eta G, p <- p - eta g, for numbers P and p that go with a layer's parameters. */
  private update(
    { inputs, outputs }: LayerPlace,
    { weights, bias }: ParameterPlace,
    gradient: Rows,
    x: Panels,
    rows: number,
    keep: number,
    eta: number,
  ): void {
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

  private layer(index: number): LayerPlace {
    return this.place.layers[index] as LayerPlace;
  }

  private address(offset: number): number {
    return this.workspace + offset;
  }
}
