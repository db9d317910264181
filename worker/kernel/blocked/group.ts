import type {
  Dropout,
  Evaluation,
  LayerParameters,
  NetworkGroup,
  NetworkStep,
  RecordsRegion,
  Region,
} from '../kernel.js';
import { valuesAt, type Values } from '../workspace.js';
import type { BlockedFunctions } from './functions.js';
import { DEPTH_BLOCK, ROW_GROUP, roundUp, type BlockedLayout } from './layout.js';
import { BlockedNetwork } from './network.js';

/** Networks side by side over a backend's functions: the mini-batch is gathered once, block by block, for all of them. */
export class BlockedGroup implements NetworkGroup {
  readonly networks: readonly BlockedNetwork[];
  private readonly rowNumbers: Uint32Array;
  private readonly mean: Values;
  private readonly inverseDeviation: Values;

  constructor(
    private readonly functions: BlockedFunctions,
    memory: WebAssembly.Memory,
    private readonly layout: BlockedLayout,
    private readonly workspace: Region,
  ) {
    // The workspace lies below what the memory may grow by, so that views of it stay valid.
    const { buffer } = memory;
    const { offset } = workspace;
    // Vectors reach past the matrices: what they find there is of no account, but numbers left by others could be slow ones.
    new Uint8Array(buffer, offset, layout.bytes).fill(0);
    this.rowNumbers = new Uint32Array(buffer, offset + layout.rowNumbers, roundUp(layout.rows, ROW_GROUP));
    this.mean = valuesAt(buffer, layout.precision, offset + layout.mean, layout.inputs);
    this.inverseDeviation = valuesAt(buffer, layout.precision, offset + layout.inverseDeviation, layout.inputs);
    this.networks = layout.networks.map((place) => new BlockedNetwork(functions, memory, layout, place, offset));
  }

  setNormalisation(mean: Float64Array, deviation: Float64Array): void {
    this.mean.set(mean);
    this.inverseDeviation.set(deviation.map((value) => 1 / value));
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
    const { batchSize } = this.layout;
    this.nameBatch(rows, first);
    this.multiplyInputs(records, batchSize, true, (each) => steps.forEach(({ network }) => each(network)));
    for (const step of steps) {
      const network = this.network(step.network);
      network.finishForward(batchSize, step.dropout);
      network.finishStep(batchSize, records.labels.offset, step);
    }
  }

  gradients(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    network: number,
    dropout?: Dropout,
  ): LayerParameters[] {
    const { batchSize } = this.layout;
    const asked = this.network(network);
    this.nameBatch(rows, first);
    this.multiplyInputs(records, batchSize, true, (each) => each(network));
    asked.finishForward(batchSize, dropout);
    return asked.finishGradients(batchSize, records.labels.offset, dropout !== undefined);
  }

  batchLoss(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    networks: readonly number[],
    dropout?: Dropout,
  ): number[] {
    const { batchSize } = this.layout;
    this.nameBatch(rows, first);
    this.multiplyInputs(records, batchSize, false, (each) => networks.forEach(each));
    return networks.map((index) => {
      const network = this.network(index);
      network.beginEvaluation();
      network.finishForward(batchSize, dropout);
      network.addToEvaluation(batchSize, records.labels.offset);
      return network.evaluation().lossSum;
    });
  }

  evaluate(records: RecordsRegion, first: number, count: number, networks: readonly number[]): Evaluation[] {
    const evaluated = networks.map((network) => this.network(network));
    for (const network of evaluated) network.beginEvaluation();
    for (let done = 0; done < count; done += this.layout.rows) {
      const rows = Math.min(this.layout.rows, count - done);
      for (let i = 0; i < rows; i++) this.rowNumbers[i] = first + done + i;
      this.multiplyInputs(records, rows, false, (each) => networks.forEach(each));
      for (const network of evaluated) {
        network.finishForward(rows);
        network.addToEvaluation(rows, records.labels.offset);
      }
    }
    return evaluated.map((network) => network.evaluation());
  }

  /**
   * The first layer's products of the records of rowNumbers, one block of inputs after the other: a block is gathered and
   * multiplied with each network's weights while it is in the cache.
   *
   * @param keep whether the records are wanted afterwards, for the update
   */
  private multiplyInputs(
    records: RecordsRegion,
    rows: number,
    keep: boolean,
    forEachNetwork: (use: (network: number) => void) => void,
  ): void {
    const { layout, functions } = this;
    this.padRowNumbers(rows);
    for (let first = 0; first < layout.inputs; first += DEPTH_BLOCK) {
      const count = Math.min(DEPTH_BLOCK, layout.inputs - first);
      functions.gather(
        records.images.offset,
        records.inputs,
        this.address(layout.rowNumbers),
        rows,
        first,
        count,
        this.address(layout.mean),
        this.address(layout.inverseDeviation),
        keep ? this.address(layout.x.offset) : 0,
        layout.x.panel,
        this.address(layout.transposed.offset),
        layout.transposed.row,
      );
      forEachNetwork((network) => this.network(network).multiplyInputs(rows, first, count));
    }
  }

  /** The records of a mini-batch are those at rows[first .. first + batchSize). */
  private nameBatch(rows: Uint32Array, first: number): void {
    for (let i = 0; i < this.layout.batchSize; i++) this.rowNumbers[i] = rows[first + i] as number;
  }

  /** Rows up to the next whole group name the last record again. */
  private padRowNumbers(rows: number): void {
    const last = this.rowNumbers[rows - 1] as number;
    for (let i = rows; i < roundUp(rows, ROW_GROUP); i++) this.rowNumbers[i] = last;
  }

  private network(index: number): BlockedNetwork {
    const network = this.networks[index];
    if (network === undefined) throw new TypeError(`the group has no network ${index}`);
    return network;
  }

  private address(offset: number): number {
    return this.workspace.offset + offset;
  }
}
