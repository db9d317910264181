import type { NetworkShape, Precision } from '../kernel.js';
import { bytesPerValue, layerSizes, WorkspaceLayout, type LayerSize } from '../workspace.js';

/* Where the matrices of a group of networks lie in a workspace; functions.ts describes their two forms. */

/** Bytes of a line. */
export const LINE = 64;
/** Rows that there is room for a multiple of: backends may work on so many at a time. */
const TILE_ROWS = 5;
/** Records come in groups of so many. */
export const ROW_GROUP = 8;
/** Inputs that are gathered and multiplied at a time: what one strip of the products reads of them fits the first-level cache. */
export const DEPTH_BLOCK = 192;
/** Records are evaluated in blocks of at least so many, however small the mini-batch. */
const MIN_EVALUATION_ROWS = 96;

/** Rows of one factor that a backend may pack at a time. */
export const SCRATCH_ROWS = 60;

/** Offset from the workspace's start, and the bytes from one row (or panel) to the next. */
export interface Rows {
  offset: number;
  row: number;
}

export interface Panels {
  offset: number;
  panel: number;
}

/** A layer's parameters, or as many numbers that go with them. */
export interface ParameterPlace {
  /** W^T: [outputs, inputs] */
  weights: Rows;
  /** [outputs] */
  bias: number;
}

export interface LayerPlace extends ParameterPlace {
  inputs: number;
  outputs: number;
  /** For momentum. */
  velocity?: ParameterPlace;
  /** For `gradients`. */
  gradient?: ParameterPlace;
  /** [outputs, rows]: the products, then what the layer gives on; of the last layer the scores, then dJ/dz. */
  activations: Rows;
  /** Absent from the last layer. */
  hidden?: {
    /** [outputs, rows] of dJ/dz. */
    gradient: Rows;
    /** [rows, outputs]: the activations again, for the next layer's update. */
    panels: Panels;
    /** For dropout: [outputs, rows]. */
    factors?: Rows;
  };
}

export interface NetworkPlace {
  layers: LayerPlace[];
  /** float64 sum of losses, uint32 number of correct records. */
  evaluation: number;
}

export interface BlockedLayout {
  bytes: number;
  precision: Precision;
  /** Bytes of a number. */
  value: number;
  inputs: number;
  /** Rows of a mini-batch. */
  batchSize: number;
  /** Rows that there is room for: of the mini-batch, or of a block that is evaluated. */
  rows: number;
  /** [inputs] */
  mean: number;
  inverseDeviation: number;
  /** uint32 [rows] */
  rowNumbers: number;
  /** [rows, inputs] */
  x: Panels;
  /** [DEPTH_BLOCK, rows] */
  transposed: Rows;
  /** [SCRATCH_ROWS, the deepest product's depth] for what a backend packs. */
  scratch: number;
  networks: NetworkPlace[];
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/**
 * @param shapes at least one; they agree in inputs, batchSize and precision
 * @throws TypeError when they do not
 */
export function blockedLayout(shapes: readonly NetworkShape[]): BlockedLayout {
  const [first] = shapes;
  const inputs = first?.layers[0];
  if (first === undefined || inputs === undefined) throw new TypeError('a group has at least one network');
  for (const { layers, batchSize, precision } of shapes) {
    if (layers[0] !== inputs || batchSize !== first.batchSize || precision !== first.precision) {
      throw new TypeError('networks side by side agree in inputs, batch size and precision');
    }
  }

  const value = bytesPerValue(first.precision);
  const lane = LINE / value;
  const layout = new WorkspaceLayout();
  const rows = Math.max(first.batchSize, MIN_EVALUATION_ROWS);
  const vector = (length: number) => layout.place(roundUp(length, lane) * value);
  const byRows = (height: number, width: number): Rows => {
    const row = (Math.ceil(width / lane) | 1) * LINE;
    return { offset: layout.place(roundUp(height, TILE_ROWS) * row), row };
  };
  const inPanels = (columns: number): Panels => {
    const panel = roundUp(rows, ROW_GROUP) * LINE;
    return { offset: layout.place(Math.ceil(columns / lane) * panel), panel };
  };
  const parameters = (size: LayerSize): ParameterPlace => ({
    weights: byRows(size.outputs, size.inputs),
    bias: vector(size.outputs),
  });
  const layerPlace = (size: LayerSize, isLast: boolean, shape: NetworkShape): LayerPlace => ({
    ...size,
    ...parameters(size),
    activations: byRows(size.outputs, rows),
    ...(isLast
      ? {}
      : {
          hidden: {
            gradient: byRows(size.outputs, rows),
            panels: inPanels(size.outputs),
            ...(shape.dropout === true ? { factors: byRows(size.outputs, rows) } : {}),
          },
        }),
    ...(shape.momentum === true ? { velocity: parameters(size) } : {}),
    ...(shape.gradients === true ? { gradient: parameters(size) } : {}),
  });

  const shared = {
    precision: first.precision,
    value,
    inputs,
    batchSize: first.batchSize,
    rows,
    mean: vector(inputs),
    inverseDeviation: vector(inputs),
    rowNumbers: layout.place(roundUp(rows, ROW_GROUP) * Uint32Array.BYTES_PER_ELEMENT),
    x: inPanels(inputs),
    transposed: byRows(DEPTH_BLOCK, rows),
    scratch: vector(SCRATCH_ROWS * Math.max(DEPTH_BLOCK, rows)),
  };
  const networks = shapes.map((shape): NetworkPlace => {
    const sizes = layerSizes(shape.layers);
    return {
      layers: sizes.map((size, index) => layerPlace(size, index === sizes.length - 1, shape)),
      evaluation: layout.place(Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT),
    };
  });
  return { ...shared, networks, bytes: layout.bytes };
}
