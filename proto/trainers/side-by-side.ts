import type { OneThreadConfig } from './index.js';
import { networkLayers } from './network.js';

/**
 * Trials side by side: trials that see the same mini-batches are trained together in one thread, which reads each mini-batch
 * once for all of them. It changes none of their bits.
 */

/** More gain nothing: by then the products' vectors are full, and the mini-batch's reading is shared. */
export const MAX_SIDE_BY_SIDE = 8;

/**
 * Tells which trials of a round may be trained side by side: those of equal keys. They agree in what their mini-batches depend on
 * (data, split, batch size, flips, training seed), and may differ in everything else.
 */
export function sideBySideKey(config: OneThreadConfig, seed: number, datasetSha256: string): string {
  const { kind, dataset, batch_size: batchSize, horizontal_flips: flips = false } = config;
  return [kind, datasetSha256, dataset.train, dataset.validation, batchSize, flips, seed].join(' ');
}

/** Bytes of a trial's weights, in float32, and of their velocities: what a cache has to bear of each trial. */
export function weightsBytes(
  config: Pick<OneThreadConfig, 'hidden'> & { momentum?: number | undefined },
  data: { inputs: number; classes: number },
): number {
  const layers = networkLayers(config, data);
  const weights = layers.slice(1).reduce((sum, units, layer) => sum + (layers[layer] as number) * units, 0);
  const velocities = (config.momentum ?? 0) > 0 ? weights : 0;
  return (weights + velocities) * Float32Array.BYTES_PER_ELEMENT;
}
