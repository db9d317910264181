import type { NetworkShape, Region } from '../kernel.js';
import { bytesPerValue, layerSizes, WorkspaceLayout } from '../workspace.js';
import { valuesAt, type Values } from '../workspace.js';

/** One layer's arrays in the workspace. */
export interface LayerBuffers {
  inputs: number;
  outputs: number;
  /** [inputs, outputs] */
  weights: Values;
  /** [outputs] */
  bias: Values;
  /** [batch, outputs]: what the layer gives on; of the last layer the scores. */
  activations: Values;
  /** [batch, outputs]: dJ/dz, z being the layer's output before its ReLU. */
  gradient: Values;
  /** [inputs, outputs] */
  weightGradient: Values;
  /** [outputs] */
  biasGradient: Values;
  /** For momentum: [inputs, outputs] and [outputs]. */
  velocity?: { weights: Values; bias: Values };
  /** For dropout, of a hidden layer: [batch, outputs]. */
  factors?: Values;
}

export interface NetworkBuffers {
  /** [inputs]: subtracted from a byte, then multiplied with. */
  mean: Values;
  inverseDeviation: Values;
  /** [batch, inputs]: the records, normalised. */
  x: Values;
  /** [batch] */
  labels: Uint8Array;
  layers: LayerBuffers[];
}

/** Byte offsets of all arrays; the one place that knows their order. */
export function networkLayout(shape: NetworkShape): {
  bytes: number;
  buffers: (buffer: SharedArrayBuffer, workspace: Region) => NetworkBuffers;
} {
  const { precision, batchSize } = shape;
  const inputs = shape.layers[0] as number;
  const layout = new WorkspaceLayout();
  const place = (length: number) => {
    const offset = layout.place(length * bytesPerValue(precision));
    return (buffer: SharedArrayBuffer, workspace: Region) =>
      valuesAt(buffer, precision, workspace.offset + offset, length);
  };
  const mean = place(inputs);
  const inverseDeviation = place(inputs);
  const x = place(batchSize * inputs);
  const labels = layout.place(batchSize);
  const layers = layerSizes(shape.layers).map((size, index, { length }) => ({
    ...size,
    weights: place(size.inputs * size.outputs),
    bias: place(size.outputs),
    activations: place(batchSize * size.outputs),
    gradient: place(batchSize * size.outputs),
    weightGradient: place(size.inputs * size.outputs),
    biasGradient: place(size.outputs),
    ...(shape.momentum === true
      ? { velocity: { weights: place(size.inputs * size.outputs), bias: place(size.outputs) } }
      : {}),
    ...(shape.dropout === true && index < length - 1 ? { factors: place(batchSize * size.outputs) } : {}),
  }));
  return {
    bytes: layout.bytes,
    buffers: (buffer, workspace) => ({
      mean: mean(buffer, workspace),
      inverseDeviation: inverseDeviation(buffer, workspace),
      x: x(buffer, workspace),
      labels: new Uint8Array(buffer, workspace.offset + labels, batchSize),
      layers: layers.map((layer) => ({
        inputs: layer.inputs,
        outputs: layer.outputs,
        weights: layer.weights(buffer, workspace),
        bias: layer.bias(buffer, workspace),
        activations: layer.activations(buffer, workspace),
        gradient: layer.gradient(buffer, workspace),
        weightGradient: layer.weightGradient(buffer, workspace),
        biasGradient: layer.biasGradient(buffer, workspace),
        ...(layer.velocity === undefined
          ? {}
          : {
              velocity: {
                weights: layer.velocity.weights(buffer, workspace),
                bias: layer.velocity.bias(buffer, workspace),
              },
            }),
        ...(layer.factors === undefined ? {} : { factors: layer.factors(buffer, workspace) }),
      })),
    }),
  };
}
