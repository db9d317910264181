import type {
  Dropout,
  Evaluation,
  LayerParameters,
  NetworkGroup,
  NetworkShape,
  NetworkStep,
  RecordsRegion,
  Region,
} from '../kernel.js';
import { networkLayout } from './layout.js';
import { ReferenceNetwork } from './network.js';

/** Networks side by side, each on its own: what backends that share work between them are compared with. */
export class ReferenceGroup implements NetworkGroup {
  readonly networks: readonly ReferenceNetwork[];

  constructor(memory: WebAssembly.Memory, shapes: readonly NetworkShape[], workspace: Region) {
    let { offset } = workspace;
    this.networks = shapes.map((shape) => {
      const { bytes } = networkLayout(shape);
      const network = new ReferenceNetwork(memory, shape, { offset, bytes });
      offset += bytes;
      return network;
    });
  }

  setNormalisation(mean: Float64Array, deviation: Float64Array): void {
    for (const network of this.networks) network.setNormalisation(mean, deviation);
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
    for (const step of steps) this.network(step.network).trainStep(records, rows, first, step);
  }

  evaluate(records: RecordsRegion, first: number, count: number, networks: readonly number[]): Evaluation[] {
    return networks.map((network) => this.network(network).evaluate(records, first, count));
  }

  gradients(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    network: number,
    dropout?: Dropout,
  ): LayerParameters[] {
    return this.network(network).gradients(records, rows, first, dropout);
  }

  batchLoss(
    records: RecordsRegion,
    rows: Uint32Array,
    first: number,
    networks: readonly number[],
    dropout?: Dropout,
  ): number[] {
    return networks.map((network) => this.network(network).batchLoss(records, rows, first, dropout));
  }

  private network(index: number): ReferenceNetwork {
    const network = this.networks[index];
    if (network === undefined) throw new TypeError(`the group has no network ${index}`);
    return network;
  }
}
