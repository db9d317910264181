import { exp, log } from '../../numeric/index.js';
import { inSteps } from '../duration.js';
import type { RateOf } from '../learning-rate.js';
import type { LearningRateSchedule, ScheduleLength } from './schedule.js';

/** Step decay: the rate is multiplied by `factor` after every `every` update steps, as by PyTorch's StepLR. */
export function stepRate(
  { value, factor, every }: RateOf<'step'>,
  { stepsPerEpoch }: ScheduleLength,
): LearningRateSchedule {
  const length = inSteps(every, stepsPerEpoch);
  const logFactor = log(factor);
  return (step) => value * exp(Math.floor(step / length) * logFactor);
}
