import type { Evaluation, NetworkGroup, NetworkShape, NetworkStep, RecordsRegion, Region } from '../kernel.js';
import type { WasmExports } from './exports.js';
import { wasmLayout } from './layout.js';
import { WasmNetwork } from './network.js';

/** Networks side by side, each on its own. */
export class WasmGroup implements NetworkGroup {
  readonly networks: readonly WasmNetwork[];

  constructor(wasm: WasmExports, memory: WebAssembly.Memory, shapes: readonly NetworkShape[], workspace: Region) {
    let { offset } = workspace;
    this.networks = shapes.map((shape) => {
      const { bytes } = wasmLayout(shape);
      const network = new WasmNetwork(wasm, memory, shape, { offset, bytes });
      offset += bytes;
      return network;
    });
  }

  setNormalisation(mean: Float64Array, deviation: Float64Array): void {
    for (const network of this.networks) network.setNormalisation(mean, deviation);
  }

  trainStep(records: RecordsRegion, rows: Uint32Array, first: number, steps: readonly NetworkStep[]): void {
    for (const { network, eta, lambda } of steps) this.network(network).trainStep(records, rows, first, eta, lambda);
  }

  evaluate(records: RecordsRegion, first: number, count: number, networks: readonly number[]): Evaluation[] {
    return networks.map((network) => this.network(network).evaluate(records, first, count));
  }

  private network(index: number): WasmNetwork {
    const network = this.networks[index];
    if (network === undefined) throw new TypeError(`the group has no network ${index}`);
    return network;
  }
}
