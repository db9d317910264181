import { inSteps } from '../duration.js';
import type { RateOf } from '../learning-rate.js';
import { halfWave } from './half-wave.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';

/**
 * Cosine annealing from max to min, with warm restarts where asked: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent
 * with Warm Restarts" (ICLR 2017), equation 5; `period` is T_0 and `multiply` T_mult. Before it the rate may rise in a straight
 * line: the gradual warm-up of Goyal et al., "Accurate, Large Minibatch SGD" (2017), section 2.2.
 */
export function cosineRate(
  { min, max, warmup, restarts }: RateOf<'cosine'>,
  { stepsPerEpoch, totalSteps }: ScheduleLength,
): LearningRateSchedule {
  const rising = warmup === undefined ? 0 : inSteps(warmup, stepsPerEpoch);
  const period = restarts === undefined ? totalSteps - rising : inSteps(restarts.period, stepsPerEpoch);
  return (step) => {
    if (step < rising) return min + (max - min) * (step / rising);
    const share = shareOfFall(step - rising, period, restarts?.multiply ?? 1);
    return min + (max - min) * (0.5 * (1 + halfWave(share)));
  };
}

/** T_cur / T_i: how much of the present fall is over. */
function shareOfFall(step: number, period: number, multiply: number): number {
  if (multiply === 1) return (step % period) / period;
  let first = 0;
  let length = period;
  while (step >= first + length) {
    first += length;
    length *= multiply;
  }
  return (step - first) / length;
}
