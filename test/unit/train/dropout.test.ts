import { describe, expect, it } from 'vitest';
import { generator } from '../../../proto/seed.js';
import { DropoutMasks } from '../../../worker/train/dropout.js';

describe('DropoutMasks', () => {
  const copies = (masks: DropoutMasks, batches: number): number[][][] =>
    Array.from({ length: batches }, () => masks.next().kept.map((kept) => [...kept]));

  it('draws each layer of each epoch from a stream of its own, mini-batch by mini-batch, row by row', () => {
    const masks = new DropoutMasks(42, 0.3, [3, 5], 4);
    masks.startEpoch(2);
    const drawn = copies(masks, 3);
    for (const [layer, units] of [3, 5].entries()) {
      const stream = generator(42, 'dropout', 2, layer + 1);
      const expected = Array.from({ length: 3 * 4 * units }, () => (stream.next() >= 0.3 ? 1 : 0));
      expect(drawn.flatMap((kept) => kept[layer]!)).toEqual(expected);
    }
  });

  it('begins each epoch anew, whatever was drawn before', () => {
    const masks = new DropoutMasks(1, 0.5, [40], 10);
    masks.startEpoch(1);
    const first = copies(masks, 2);
    masks.startEpoch(2);
    const second = copies(masks, 2);
    masks.startEpoch(1);
    expect(copies(masks, 2)).toEqual(first);
    expect(second).not.toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it.each([0, 0.2, 0.5, 0.9])('drops %d of the units, and scales the others', (probability) => {
    const masks = new DropoutMasks(7, probability, [100], 100);
    masks.startEpoch(1);
    const { scale, kept } = masks.next();
    expect(scale).toBe(1 / (1 - probability));
    const share = kept[0]!.reduce((sum, each) => sum + each, 0) / 10_000;
    const deviation = Math.sqrt((probability * (1 - probability)) / 10_000);
    expect(Math.abs(share - (1 - probability))).toBeLessThanOrEqual(5 * deviation);
  });
});
