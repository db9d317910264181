import { inSteps, type Duration } from '../../../proto/training/duration.js';
import type { LearningRate } from '../../../proto/training/learning-rate.js';
import { counted, formatNumber, printable } from '../format.js';
import type { RoundSchedule, UntoldSchedule } from './rounds.js';

/** A duration in update steps. */
type Steps = (given: Duration) => string;

/** `triangular, 1e-5 to 0.1, step size 450`: the schedule's settings, lengths in update steps. */
export function rateInWords({ rate, plan: { stepsPerEpoch } }: RoundSchedule): string {
  const steps: Steps = (given) => String(inSteps(given, stepsPerEpoch));
  return `${rate.schedule}, ${settingsInWords(rate, steps)}`;
}

function settingsInWords(rate: LearningRate, steps: Steps): string {
  switch (rate.schedule) {
    case 'constant':
      return formatNumber(rate.value);
    case 'triangular':
    case 'triangular2':
      return `${range(rate.min, rate.max)}, step size ${steps(rate.step_size)}`;
    case 'exp_range':
      return `${range(rate.min, rate.max)}, step size ${steps(rate.step_size)}, gamma ${rate.gamma}`;
    case 'cosine': {
      const { warmup, restarts } = rate;
      const again =
        restarts === undefined
          ? ''
          : `, restarts after ${steps(restarts.period)}${restarts.multiply > 1 ? `, then ${restarts.multiply} times as long each` : ''}`;
      return `${range(rate.max, rate.min)}${warmup === undefined ? '' : `, warm-up ${steps(warmup)}`}${again}`;
    }
    case 'step':
      return `${formatNumber(rate.value)}, times ${formatNumber(rate.factor)} every ${steps(rate.every)}`;
    case 'one_cycle': {
      const first = rate.max / rate.div_factor;
      return `${range(first, rate.max)} to ${formatNumber(first / rate.final_div_factor)}, ${rate.anneal}`;
    }
    case 'range_test':
    default:
      return `${range(rate.min, rate.max)}, ${rate.growth}`;
  }
}

/** `2 cycles, 4 epochs of 450 update steps`. */
export function lengthInWords({ cycles, plan }: RoundSchedule): string {
  const { epochs, stepsPerEpoch, totalSteps } = plan;
  const over = totalSteps - (epochs - 1) * stepsPerEpoch;
  const cut = over === stepsPerEpoch ? '' : `, the last cut short after ${over}`;
  const whole = `${counted(epochs, 'epoch')} of ${counted(stepsPerEpoch, 'update step')}${cut}`;
  return cycles === undefined ? whole : `${counted(cycles, 'cycle')}, ${whole}`;
}

function range(from: number, to: number): string {
  return `${formatNumber(from)} to ${formatNumber(to)}`;
}

/** Why a round's learning rate is not shown. */
export function untoldInWords({ drawn }: UntoldSchedule): string {
  if (drawn.length === 0) return 'its trials have no learning rate';
  return `its learning rate follows from what it draws itself: ${drawn.map(printable).join(', ')}`;
}
