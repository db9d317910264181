/**
 * What a backend with blocked matrices computes, for one precision. Every function gives the bits that docs/numerics.md
 * asks for.
 *
 * Addresses, strides and `...Row`, `...Step`, `...Panel` are numbers of bytes; addresses count from the start of the node's
 * memory. All else counts elements. A line is 64 bytes, L numbers. Matrices are
 *
 * - by rows: element (i, j) at matrix + i * row + j * R, R being the bytes of a number. Rows are an odd number of lines apart, so that
 *   a walk down a column uses all sets of a cache. There is room, whose content is of no account, up to the end of a row's last
 *   line, and for rows up to the next multiple of TILE_ROWS.
 * - in panels: columns 0 .. L - 1 of all rows, one line a row, then columns L .. 2 L - 1, and so on. Element (i, k) at
 *   matrix + floor(k / L) * panel + i * 64 + (k % L) * R. The last panel is whole. There is room for rows up to the next
 *   multiple of ROW_GROUP.
 *
 * Records lie across the columns of the transposed matrices, so that vectors are full whatever a network's sizes. Columns past
 * the last record, up to the next multiple of ROW_GROUP, belong to valid records too (rowNumbers names them); they
 * keep numbers ordinary and are of no account.
 */
export interface BlockedFunctions {
  /**
   * Normalises inputs first .. first + count of `rows` records, x = (byte - mean) * inverse, each rounded:
   * transposed [count, rows] by rows, and panels [rows, inputs] in panels unless `panels` is 0.
   *
   * @param images uint8 [records, inputs]; up to 63 bytes behind a record are read
   * @param rowNumbers uint32 [rows rounded up to ROW_GROUP]: record numbers
   * @param first a multiple of L
   * @param mean [inputs rounded up to whole lines], zero behind the inputs; `inverse` as well; both of the whole record
   * @param panels the whole matrix's address
   */
  gather(
    images: number,
    inputs: number,
    rowNumbers: number,
    rows: number,
    first: number,
    count: number,
    mean: number,
    inverse: number,
    panels: number,
    panel: number,
    transposed: number,
    transposedRow: number,
  ): void;

  /**
   * C [m, n] <- A [m, depth] B [depth, n], or C + that where `add` is 1. Each element is accumulated over the depth in
   * ascending order, from zero or from C. Element (i, k) of A is at a + i * aRow + k * aStep; B and C lie by rows.
   */
  multiply(
    m: number,
    n: number,
    depth: number,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bRow: number,
    c: number,
    cRow: number,
    add: number,
  ): void;

  /**
   * W [m, n] <- keep W - eta (A [m, depth] B [depth, n]), the product accumulated in ascending order from zero. A and W lie by
   * rows, B in panels.
   */
  update(
    m: number,
    n: number,
    depth: number,
    a: number,
    aRow: number,
    b: number,
    bPanel: number,
    w: number,
    wRow: number,
    keep: number,
    eta: number,
  ): void;

  /** z <- z + bias, for z [units, rows] by rows, bias [units]. */
  addBias(z: number, zRow: number, units: number, rows: number, bias: number): void;

  /** z <- relu(z + bias): what is below 0 becomes 0, a NaN stays, and so does -0. */
  activate(z: number, zRow: number, units: number, rows: number, bias: number): void;

  /** Copies z [units, rows], by rows, to panels [rows, units]; columns past the last unit become 0. */
  toPanels(z: number, zRow: number, units: number, rows: number, panels: number, panel: number): void;

  /** g <- 0 where activation <= 0; both [units, rows] by rows. */
  maskInactive(g: number, gRow: number, units: number, rows: number, activations: number, activationsRow: number): void;

  /** z <- z * factors, element by element; both [units, rows] by rows. */
  multiplyElements(z: number, zRow: number, units: number, rows: number, factors: number, factorsRow: number): void;

  /**
   * Scores [classes, rows], by rows, become the gradient of the mean cross entropy: (softmax - one-hot label) / rows.
   * Record i's label is the byte labels[rowNumbers[i]], below `classes`.
   */
  softmaxGradient(
    scores: number,
    scoresRow: number,
    classes: number,
    rows: number,
    labels: number,
    rowNumbers: number,
  ): void;

  /** bias <- bias - eta * (sum of g [units, rows] over its rows' elements, in ascending order from zero). */
  updateBias(g: number, gRow: number, units: number, rows: number, bias: number, eta: number): void;

  /** V <- V + decay W, then W <- W - eta V; both [m, n] by rows. */
  momentumStep(
    m: number,
    n: number,
    v: number,
    vRow: number,
    w: number,
    wRow: number,
    decay: number,
    eta: number,
  ): void;

  /** velocity <- momentum * velocity + (updateBias's sum of g), then bias <- bias - eta * velocity; both [units]. */
  momentumBias(
    g: number,
    gRow: number,
    units: number,
    rows: number,
    velocity: number,
    bias: number,
    momentum: number,
    eta: number,
  ): void;

  /**
   * Adds the records of scores [classes, rows] to an evaluation: `result` is a float64, the sum of losses in record order, and
   * behind it a uint32, the number of records whose first largest score is their label's.
   */
  addToEvaluation(
    scores: number,
    scoresRow: number,
    classes: number,
    rows: number,
    labels: number,
    rowNumbers: number,
    result: number,
  ): void;

  /** sum + all squares of W [outputs, inputs], by rows, added in float64 in the logical order: input by input. */
  addSquares(w: number, wRow: number, inputs: number, outputs: number, sum: number): number;
}
