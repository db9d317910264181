import type { RateOf } from '../learning-rate.js';
import { halfWave } from './half-wave.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';

/**
 * The 1cycle policy: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates" (2018), in
 * the two phases of PyTorch's OneCycleLR. The rate rises from max / div_factor to max, and falls to its least by the last
 * update step.
 */
export function oneCycleRate(
  { max, div_factor: divFactor, final_div_factor: finalDivFactor, pct_start: pctStart, anneal }: RateOf<'one_cycle'>,
  { totalSteps }: ScheduleLength,
): LearningRateSchedule {
  const initial = max / divFactor;
  const final = initial / finalDivFactor;
  /** Update step of the peak; it may lie between two. */
  const peak = Math.max(0, pctStart * totalSteps - 1);
  const falling = totalSteps - 1 - peak;
  const rise = anneal === 'linear' ? (share: number) => share : (share: number) => 0.5 * (1 - halfWave(share));
  return (step) => {
    if (step < peak) return initial + (max - initial) * rise(step / peak);
    // Training of one update step has its peak alone.
    const share = falling > 0 ? (step - peak) / falling : 0;
    return final + (max - final) * (1 - rise(share));
  };
}
