import { generator, type Generator } from '../../proto/seed.js';

/**
 * The order in which an epoch visits its training records: a fresh permutation, drawn from the purpose `order:EPOCH`.
 *
 * @param epoch from 1
 */
export function batchOrder(seed: number, epoch: number, count: number): Uint32Array {
  return permutation(generator(seed, 'order', epoch), count);
}

/**
 * A permutation of 0 .. count - 1, by Fisher and Yates from the last place down (Knuth, The Art of Computer Programming 2, algorithm
 * 3.4.2 P).
 */
export function permutation(draws: Generator, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(draws.next() * (last + 1));
    const row = order[chosen] as number;
    order[chosen] = order[last] as number;
    order[last] = row;
  }
  return order;
}
