import { isTold, type RoundSchedule, type UntoldSchedule } from './rounds.js';
import { epochStretches } from './samples.js';

/** `--json` of a round's learning rate. */
export function scheduleJson(round: RoundSchedule | UntoldSchedule): object {
  if (!isTold(round)) return { name: round.name, drawn: round.drawn };
  const { name, rate, plan } = round;
  const { stepsPerEpoch, totalSteps, cycleSteps } = plan;
  return {
    name,
    learningRate: rate,
    stepsPerEpoch,
    totalSteps,
    ...(cycleSteps === undefined ? {} : { cycleSteps }),
    epochs: epochStretches(plan).map(({ first, last, least, greatest }, index) => ({
      epoch: index + 1,
      first: first.rate,
      last: last.rate,
      least: least.rate,
      greatest: greatest.rate,
    })),
  };
}

/** Lines that are handed out at once. */
const LINES = 10_000;

/** A CSV file, piece by piece: each update step of each round, in order. Update steps are from 0, epochs from 1. */
export function* scheduleCsv(rounds: readonly RoundSchedule[]): Generator<string> {
  yield 'round,step,epoch,rate\n';
  for (const { name, plan } of rounds) {
    const { totalSteps, stepsPerEpoch, learningRate } = plan;
    for (let first = 0; first < totalSteps; first += LINES) {
      // Names hold neither quotes nor commas (docs/search-file.md).
      const lines = Array.from({ length: Math.min(LINES, totalSteps - first) }, (_, index) => {
        const step = first + index;
        return `${name},${step},${Math.floor(step / stepsPerEpoch) + 1},${learningRate(step)}\n`;
      });
      yield lines.join('');
    }
  }
}
