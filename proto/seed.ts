import { createHash } from 'node:crypto';
import seedrandom from 'seedrandom';

/** Seeds are whole numbers 0 .. 2^53 - 1; 0 is a seed. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * Derives a seed from another: the top 53 bits of SHA-256 over the UTF-8 text "vernier:SEED:PART:PART...", read
 * big-endian. Parts are names and whole numbers in decimal, so the derivation is easy to repeat in any language.
 *
 * @returns a whole number 0 .. 2^53 - 1
 */
export function deriveSeed(seed: number, ...parts: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update(['vernier', seed, ...parts].join(':'))
    .digest();
  return Number(digest.readBigUInt64BE(0) >> 11n);
}

/** A stream of uniform draws. */
export interface Generator {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** Uniform in [0, 1), a multiple of 2^-53. */
  double(): number;
}

/**
 * The generator behind everything random: Johannes Baagøe's Alea (seedrandom's `alea`), seeded with the text
 * "SEED:PURPOSE:PART...". Each purpose has a stream of its own, so that no draw depends on how many another took, and
 * resuming needs no generator state.
 *
 * Purposes in use: `init` (initial weights), `order:EPOCH` (mini-batch order of an epoch, from 1), `flip:EPOCH` (which images are
 * mirrored), `dropout:EPOCH:LAYER` (which units are kept; hidden layers from 1), `samples` and `entries:TENSOR` (what a gradient check
 * looks at).
 */
export function generator(seed: number, ...purpose: readonly (string | number)[]): Generator {
  const alea = seedrandom.alea([seed, ...purpose].join(':'));
  return { next: () => alea(), double: () => alea.double() };
}

/** The training seed of a configuration's repeat (from 0): shared by every trial of a search. */
export function trainingSeed(searchSeed: number, repeat: number): number {
  return deriveSeed(searchSeed, 'train', repeat);
}

/**
 * The uniform draw in [0, 1), of 53 bits, behind one parameter of one configuration. `round` and `index` count from
 * 0; `retry` counts from 0 and rises when a draw repeated a configuration that the round has already.
 */
export function parameterDraw(
  searchSeed: number,
  round: number,
  index: number,
  parameter: string,
  retry: number,
): number {
  return deriveSeed(searchSeed, 'parameter', round, index, retry, parameter) / 0x20000000000000; // 2^53
}
