/** What the compiled kernel exports; assembly/ documents each. Addresses and sizes are numbers of bytes, up to 2^32 - 1. */
export interface WasmExports {
  gather(
    images: number,
    inputs: number,
    rowNumbers: number,
    count: number,
    mean: number,
    inverse: number,
    x: number,
    panel: number,
  ): void;
  dense(
    x: number,
    panel: number,
    rows: number,
    inputs: number,
    weights: number,
    weightsTile: number,
    outputs: number,
    z: number,
    zTile: number,
  ): void;
  activate(
    z: number,
    zTile: number,
    rows: number,
    outputs: number,
    bias: number,
    activations: number,
    panel: number,
  ): void;
  addBias(z: number, zTile: number, rows: number, outputs: number, bias: number): void;
  softmaxGradient(
    scores: number,
    tile: number,
    rows: number,
    classes: number,
    labels: number,
    rowNumbers: number,
  ): void;
  addToEvaluation(
    scores: number,
    tile: number,
    rows: number,
    classes: number,
    labels: number,
    rowNumbers: number,
    result: number,
  ): void;
  tiledToPanelled(gradient: number, tile: number, rows: number, columns: number, panelled: number, panel: number): void;
  transpose(
    weights: number,
    weightsTile: number,
    inputs: number,
    outputs: number,
    transposed: number,
    transposedTile: number,
  ): void;
  maskInactive(gradient: number, tile: number, rows: number, columns: number, activations: number, panel: number): void;
  updateWeights(
    x: number,
    panel: number,
    rows: number,
    inputs: number,
    gradient: number,
    gradientTile: number,
    outputs: number,
    weights: number,
    weightsTile: number,
    keep: number,
    eta: number,
  ): void;
  updateBias(gradient: number, tile: number, rows: number, outputs: number, bias: number, eta: number): void;
  addSquares(weights: number, tile: number, inputs: number, outputs: number, sum: number): number;
  exp(x: number): number;
  log(x: number): number;
}
