import { cos } from '../../numeric/index.js';

// oxlint-disable-next-line approx-constant -- spelled out: Math.PI is only specified approximately
const PI = 3.141592653589793;

/** Half a period of the cosine: 1 at share 0, 0 in the middle, -1 at share 1. */
export function halfWave(share: number): number {
  return cos(PI * share);
}
