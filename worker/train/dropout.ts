import { generator, type Generator } from '../../proto/seed.js';
import type { Dropout } from '../kernel/kernel.js';

/**
 * Which hidden units each record of a mini-batch keeps: inverted dropout (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov,
 * "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014), of every hidden layer with the same probability.
 * Evaluation keeps all, and needs no scaling.
 *
 * Each epoch and hidden layer has a stream of its own, of the purpose `dropout:EPOCH:LAYER`, layers from 1: one draw a unit, mini-batch
 * by mini-batch, row by row, unit by unit.
 */
export class DropoutMasks {
  private readonly masks: Dropout;
  private streams: readonly Generator[] = [];

  /**
   * @param probability that a unit is dropped, from 0, below 1
   * @param hidden units of each hidden layer
   */
  constructor(
    private readonly seed: number,
    private readonly probability: number,
    hidden: readonly number[],
    batchSize: number,
  ) {
    this.masks = { scale: 1 / (1 - probability), kept: hidden.map((units) => new Uint8Array(batchSize * units)) };
  }

  /** @param epoch from 1 */
  startEpoch(epoch: number): void {
    this.streams = this.masks.kept.map((_, layer) => generator(this.seed, 'dropout', epoch, layer + 1));
  }

  /** Of the epoch's next mini-batch, valid until the next are asked for. */
  next(): Dropout {
    for (const [layer, kept] of this.masks.kept.entries()) {
      const stream = this.streams[layer] as Generator;
      for (let unit = 0; unit < kept.length; unit++) kept[unit] = stream.next() >= this.probability ? 1 : 0;
    }
    return this.masks;
  }
}
