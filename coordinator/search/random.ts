import type { Parameters } from '../../proto/domain.js';
import { parameterDraw } from '../../proto/seed.js';
import { drawValue } from './distribution.js';
import type { MethodInput } from './method.js';

/** How often one configuration is drawn again because the round has it already. */
const MAX_RETRIES = 1000;

/**
 * Random search (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012): every parameter drawn
 * alone, each value a function of (seed, round, index, parameter, retry) and nothing else.
 *
 * A configuration that the round has already would give the same bits again, so it is drawn anew. When that does not help
 * MAX_RETRIES times the space counts as used up (three categories hold three configurations) and the round has fewer
 * trials than asked for.
 */
export function random({ seed, round, trials, space, claim }: MethodInput): Parameters[] {
  const drawn: Parameters[] = [];
  for (let index = 0; index < trials; index++) {
    let retry = 0;
    let parameters = draw(index, retry);
    while (!claim(parameters)) {
      if (retry === MAX_RETRIES) return drawn;
      retry += 1;
      parameters = draw(index, retry);
    }
    drawn.push(parameters);
  }
  return drawn;

  function draw(index: number, retry: number): Parameters {
    return Object.fromEntries(
      Object.entries(space.parameters).map(([name, distribution]) => [
        name,
        drawValue(distribution, parameterDraw(seed, round, index, name, retry)),
      ]),
    );
  }
}
