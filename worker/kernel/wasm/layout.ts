import type { NetworkShape } from '../kernel.js';
import { layerSizes, WorkspaceLayout } from '../workspace.js';

/*
 * Where the WASM kernel's matrices lie in a workspace. assembly/layout.ts describes the two forms, tiled and panelled, and has
 * the same constants.
 */
const FLOAT = 4;
export const TILE = 8;
export const TILE_ROW = TILE * FLOAT;
const PANEL = 120;
const PANEL_ROW = PANEL * FLOAT;
/** Rows that the tiles take at a time, and inputs that they update at a time: matrices have room for the next multiple. */
const TILE_ROWS = 5;
const TILE_INPUTS = 20;
/** Records are evaluated in blocks of at least so many, however small the mini-batch. */
const MIN_EVALUATION_ROWS = 60;

/** Offset from the workspace's start, and the distance between two tiles, in bytes. */
export interface Tiled {
  offset: number;
  tile: number;
}

interface Panelled {
  offset: number;
  panel: number;
}

export interface LayerPlace {
  inputs: number;
  outputs: number;
  /** [inputs, outputs] */
  weights: Tiled;
  /** [outputs] */
  bias: number;
  /** [rows, outputs]: the products; of the last layer then the scores, and the gradient by them. */
  scores: Tiled;
  /** Absent from the last layer. [rows, outputs] */
  activations?: Panelled;
  /** Absent from the first layer: [rows, outputs] of dJ/dz and [outputs, inputs] of W^T, for the gradient by the inputs. */
  backward?: { gradient: Panelled; transposed: Tiled };
}

export interface WasmLayout {
  bytes: number;
  /** Rows that there is room for: of the mini-batch, or of a block that is evaluated. */
  rows: number;
  /** float32 [inputs] */
  mean: number;
  inverseDeviation: number;
  /** uint32 [rows] */
  rowNumbers: number;
  /** float64 sum of losses, uint32 number of correct rows. */
  evaluation: number;
  /** [rows, inputs] */
  x: Panelled;
  layers: LayerPlace[];
}

export function wasmLayout(shape: NetworkShape): WasmLayout {
  const layout = new WorkspaceLayout();
  const rows = Math.max(shape.batchSize, MIN_EVALUATION_ROWS);
  const height = roundUp(rows, TILE_ROWS);
  const vector = (length: number) => layout.place(roundUp(length, TILE) * FLOAT);
  const tiled = (tileHeight: number, columns: number): Tiled => {
    const tile = tileHeight * TILE_ROW;
    return { offset: layout.place(Math.ceil(columns / TILE) * tile), tile };
  };
  const panelled = (columns: number): Panelled => {
    const panel = height * PANEL_ROW;
    return { offset: layout.place(Math.ceil(columns / PANEL) * panel), panel };
  };

  const inputs = shape.layers[0] as number;
  const places = {
    rows,
    mean: vector(inputs),
    inverseDeviation: vector(inputs),
    rowNumbers: layout.place(rows * Uint32Array.BYTES_PER_ELEMENT),
    evaluation: layout.place(Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT),
    x: panelled(inputs),
    layers: layerSizes(shape.layers).map((size, index, { length }): LayerPlace => {
      const isFirst = index === 0;
      const isLast = index === length - 1;
      return {
        ...size,
        weights: tiled(roundUp(size.inputs, TILE_INPUTS), size.outputs),
        bias: vector(size.outputs),
        scores: tiled(height, size.outputs),
        ...(isLast ? {} : { activations: panelled(size.outputs) }),
        ...(isFirst
          ? {}
          : { backward: { gradient: panelled(size.outputs), transposed: tiled(size.outputs, size.inputs) } }),
      };
    }),
  };
  return { ...places, bytes: layout.bytes };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
