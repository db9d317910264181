import type { Evaluation, LayerParameters, Network, NetworkShape, RecordsRegion, Region } from '../kernel.js';
import { rounding, type Round } from './arithmetic.js';
import { type Values } from '../workspace.js';
import {
  dense,
  denseBiasGradient,
  denseInputGradient,
  denseWeightGradient,
  relu,
  updateBias,
  updateWeights,
} from './dense.js';
import { networkLayout, type LayerBuffers, type NetworkBuffers } from './layout.js';
import { addToEvaluation, softmaxGradient } from './softmax.js';

/** One network with all that it works in. */
export class ReferenceNetwork implements Network {
  private readonly round: Round;
  private readonly buffers: NetworkBuffers;

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly shape: NetworkShape,
    workspace: Region,
  ) {
    this.round = rounding(shape.precision);
    this.buffers = networkLayout(shape).buffers(memory.buffer, workspace);
  }

  setNormalisation(mean: Float64Array, deviation: Float64Array): void {
    this.buffers.mean.set(mean);
    this.buffers.inverseDeviation.set(deviation.map((value) => 1 / value));
  }

  setParameters(layers: readonly LayerParameters[]): void {
    for (const [index, { weights, bias }] of layers.entries()) {
      const layer = this.buffers.layers[index] as LayerBuffers;
      layer.weights.set(weights);
      layer.bias.set(bias);
    }
  }

  parameters(): LayerParameters[] {
    // slice() of an array in shared memory would be a copy in shared memory.
    const copy = (values: Values) =>
      values instanceof Float32Array ? Float32Array.from(values) : Float64Array.from(values);
    return this.buffers.layers.map(({ weights, bias }) => ({ weights: copy(weights), bias: copy(bias) }));
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, eta: number, lambda: number): void {
    const { batchSize } = this.shape;
    for (let i = 0; i < batchSize; i++) this.gather(records, rows[first + i] as number, i);
    this.forward(batchSize);
    this.backward(batchSize);
    const keep = this.round(1 - 2 * eta * lambda);
    const rate = this.round(eta);
    for (const { weights, weightGradient, bias, biasGradient } of this.buffers.layers) {
      updateWeights(weights, weightGradient, keep, rate, this.round);
      updateBias(bias, biasGradient, rate, this.round);
    }
  }

  evaluate(records: RecordsRegion, first: number, count: number): Evaluation {
    const evaluation = { lossSum: 0, correct: 0 };
    for (let done = 0; done < count; done += this.shape.batchSize) {
      const rows = Math.min(this.shape.batchSize, count - done);
      for (let i = 0; i < rows; i++) this.gather(records, first + done + i, i);
      const { outputs, activations } = this.forward(rows);
      addToEvaluation(evaluation, rows, outputs, activations, this.buffers.labels, this.round);
    }
    return evaluation;
  }

  sumSquaredWeights(): number {
    let sum = 0;
    for (const { weights } of this.buffers.layers) for (const weight of weights) sum += weight * weight;
    return sum;
  }

  /** Reads a record into row i of x, normalised, and its label. */
  private gather(records: RecordsRegion, record: number, i: number): void {
    const { x, labels, mean, inverseDeviation } = this.buffers;
    const { round } = this;
    const { inputs } = records;
    // The memory may have grown since the network was opened, and a record may lie in the new part.
    const image = new Uint8Array(this.memory.buffer, records.images.offset + record * inputs, inputs);
    for (let k = 0; k < inputs; k++) {
      const centred = round((image[k] as number) - (mean[k] as number));
      x[i * inputs + k] = round(centred * (inverseDeviation[k] as number));
    }
    labels[i] = new Uint8Array(this.memory.buffer, records.labels.offset + record, 1)[0] as number;
  }

  /** Leaves every layer's activations of the first `rows` rows; gives the last layer, whose activations are the scores. */
  private forward(rows: number): LayerBuffers {
    const { x, layers } = this.buffers;
    let input = x;
    let last = layers[0] as LayerBuffers;
    for (const [index, layer] of layers.entries()) {
      const { inputs, outputs, weights, bias, activations } = layer;
      dense({ rows, inputs, outputs }, input, weights, bias, activations, this.round);
      if (index < layers.length - 1) relu(activations, rows * outputs);
      input = activations;
      last = layer;
    }
    return last;
  }

  /** Leaves every layer's gradients, from the last layer to the first. */
  private backward(rows: number): void {
    const { x, labels, layers } = this.buffers;
    const { round } = this;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index] as LayerBuffers;
      const next = layers[index + 1];
      if (next === undefined) {
        softmaxGradient(rows, layer.outputs, layer.activations, labels, layer.gradient, round);
      } else {
        const shape = { rows, inputs: next.inputs, outputs: next.outputs };
        denseInputGradient(shape, next.gradient, next.weights, layer.activations, layer.gradient, round);
      }
      const input = layers[index - 1]?.activations ?? x;
      const shape = { rows, inputs: layer.inputs, outputs: layer.outputs };
      denseWeightGradient(shape, input, layer.gradient, layer.weightGradient, round);
      denseBiasGradient(shape, layer.gradient, layer.biasGradient, round);
    }
  }
}
