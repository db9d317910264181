import type {
  Dropout,
  Evaluation,
  LayerParameters,
  Network,
  NetworkShape,
  NetworkStep,
  ParameterTensor,
  RecordsRegion,
  Region,
} from '../kernel.js';
import { keptUnits, roomFor } from '../room.js';
import type { Values } from '../workspace.js';
import { rounding, type Round } from './arithmetic.js';
import {
  dense,
  denseBiasGradient,
  denseInputGradient,
  denseWeightGradient,
  relu,
  updateBias,
  updateWeights,
} from './dense.js';
import { dropoutFactors, dropUnits } from './dropout.js';
import { networkLayout, type LayerBuffers, type NetworkBuffers } from './layout.js';
import { updateBiasWithMomentum, updateWeightsWithMomentum } from './momentum.js';
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
      const layer = this.layer(index);
      layer.weights.set(weights);
      layer.bias.set(bias);
      layer.velocity?.weights.fill(0);
      layer.velocity?.bias.fill(0);
    }
  }

  parameters(): LayerParameters[] {
    return this.buffers.layers.map(({ weights, bias }) => ({ weights: copyOf(weights), bias: copyOf(bias) }));
  }

  parameter(layer: number, tensor: ParameterTensor, index: number): number {
    return this.layer(layer)[tensor][index] as number;
  }

  setParameter(layer: number, tensor: ParameterTensor, index: number, value: number): void {
    this.layer(layer)[tensor][index] = value;
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, step: NetworkStep): void {
    const { eta, lambda, momentum } = step;
    const { round } = this;
    this.propagate(records, rows, first, step.dropout);
    const keep = round(1 - 2 * eta * lambda);
    const rate = round(eta);
    for (const { weights, weightGradient, bias, biasGradient, velocity } of this.buffers.layers) {
      if (momentum === undefined) {
        updateWeights(weights, weightGradient, keep, rate, round);
        updateBias(bias, biasGradient, rate, round);
      } else {
        const v = roomFor('momentum', velocity);
        const mu = round(momentum);
        updateWeightsWithMomentum(weights, v.weights, weightGradient, mu, round(2 * lambda), rate, round);
        updateBiasWithMomentum(bias, v.bias, biasGradient, mu, rate, round);
      }
    }
  }

  gradients(records: RecordsRegion, rows: Uint32Array, first: number, dropout: Dropout | undefined): LayerParameters[] {
    roomFor('gradients', this.shape.gradients);
    this.propagate(records, rows, first, dropout);
    return this.buffers.layers.map(({ weightGradient, biasGradient }) => ({
      weights: copyOf(weightGradient),
      bias: copyOf(biasGradient),
    }));
  }

  batchLoss(records: RecordsRegion, rows: Uint32Array, first: number, dropout: Dropout | undefined): number {
    const { batchSize } = this.shape;
    this.gatherBatch(records, rows, first);
    const { outputs, activations } = this.forward(batchSize, dropout);
    const evaluation = { lossSum: 0, correct: 0 };
    addToEvaluation(evaluation, batchSize, outputs, activations, this.buffers.labels, this.round);
    return evaluation.lossSum;
  }

  evaluate(records: RecordsRegion, first: number, count: number): Evaluation {
    const evaluation = { lossSum: 0, correct: 0 };
    for (let done = 0; done < count; done += this.shape.batchSize) {
      const rows = Math.min(this.shape.batchSize, count - done);
      for (let i = 0; i < rows; i++) this.gather(records, first + done + i, i);
      const { outputs, activations } = this.forward(rows, undefined);
      addToEvaluation(evaluation, rows, outputs, activations, this.buffers.labels, this.round);
    }
    return evaluation;
  }

  sumSquaredWeights(): number {
    let sum = 0;
    for (const { weights } of this.buffers.layers) for (const weight of weights) sum += weight * weight;
    return sum;
  }

  /** Forward and backward: leaves every layer's gradients of a mini-batch. */
  private propagate(records: RecordsRegion, rows: Uint32Array, first: number, dropout: Dropout | undefined): void {
    this.gatherBatch(records, rows, first);
    this.forward(this.shape.batchSize, dropout);
    this.backward(this.shape.batchSize, dropout !== undefined);
  }

  private gatherBatch(records: RecordsRegion, rows: Uint32Array, first: number): void {
    for (let i = 0; i < this.shape.batchSize; i++) this.gather(records, rows[first + i] as number, i);
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
  private forward(rows: number, dropout: Dropout | undefined): LayerBuffers {
    const { x, layers } = this.buffers;
    let input = x;
    let last = this.layer(0);
    for (const [index, layer] of layers.entries()) {
      const { inputs, outputs, weights, bias, activations } = layer;
      dense({ rows, inputs, outputs }, input, weights, bias, activations, this.round);
      if (index < layers.length - 1) {
        relu(activations, rows * outputs);
        if (dropout !== undefined) {
          const factors = roomFor('dropout', layer.factors);
          dropoutFactors(keptUnits(dropout, index, rows, outputs), dropout.scale, factors);
          dropUnits(activations, factors, rows * outputs, this.round);
        }
      }
      input = activations;
      last = layer;
    }
    return last;
  }

  /**
   * Leaves every layer's gradients, from the last layer to the first.
   *
   * @param dropped whether the forward pass was one with dropout, and left its factors
   */
  private backward(rows: number, dropped: boolean): void {
    const { x, labels, layers } = this.buffers;
    const { round } = this;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = this.layer(index);
      const next = layers[index + 1];
      if (next === undefined) {
        softmaxGradient(rows, layer.outputs, layer.activations, labels, layer.gradient, round);
      } else {
        const shape = { rows, inputs: next.inputs, outputs: next.outputs };
        const factors = dropped ? layer.factors : undefined;
        denseInputGradient(shape, next.gradient, next.weights, layer.activations, factors, layer.gradient, round);
      }
      const input = layers[index - 1]?.activations ?? x;
      const shape = { rows, inputs: layer.inputs, outputs: layer.outputs };
      denseWeightGradient(shape, input, layer.gradient, layer.weightGradient, round);
      denseBiasGradient(shape, layer.gradient, layer.biasGradient, round);
    }
  }

  private layer(index: number): LayerBuffers {
    return this.buffers.layers[index] as LayerBuffers;
  }
}

/** slice() of an array in shared memory would be a copy in shared memory. */
function copyOf(values: Values): Values {
  return values instanceof Float32Array ? Float32Array.from(values) : Float64Array.from(values);
}
