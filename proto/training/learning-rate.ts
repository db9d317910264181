import { z } from 'zod';
import { durationSchema } from './duration.js';

const rate = z.number().min(0);
const divisor = z.number().min(1);
/** What a rate is multiplied by again and again: it falls, and never reaches 0. */
const decay = z.number().positive().max(1);

/** A cycle rises from `min` to `max` in `step_size` update steps, and falls as long. */
const cycle = { min: rate, max: rate, step_size: durationSchema };

/** A trial's `learning_rate`: the schedule's name and what its formula (schedules/) takes. */
export const learningRateSchema = z.discriminatedUnion('schedule', [
  z.strictObject({ schedule: z.literal('constant'), value: rate }),
  z.strictObject({ schedule: z.literal('triangular'), ...cycle }),
  z.strictObject({ schedule: z.literal('triangular2'), ...cycle }),
  /** `gamma` to the power of the update step scales what lies above `min`. */
  z.strictObject({ schedule: z.literal('exp_range'), ...cycle, gamma: decay.meta({ example: '0.9999' }) }),
  z.strictObject({
    schedule: z.literal('cosine'),
    min: rate,
    max: rate,
    /** A straight rise from `min` to `max` before. */
    warmup: durationSchema.optional(),
    /** Without: one fall over the whole training. */
    restarts: z.strictObject({ period: durationSchema, multiply: z.int().min(1).default(1) }).optional(),
  }),
  z.strictObject({
    schedule: z.literal('step'),
    value: rate,
    factor: decay.meta({ example: '0.1' }),
    every: durationSchema,
  }),
  /** Words and defaults are those of PyTorch's OneCycleLR. */
  z.strictObject({
    schedule: z.literal('one_cycle'),
    max: rate,
    /** The first rate is max / div_factor. */
    div_factor: divisor.default(25),
    /** The last rate is max / div_factor / final_div_factor. */
    final_div_factor: divisor.default(10_000),
    /** Share of training, 0 to 1, in which the rate rises. */
    pct_start: z.number().min(0).max(1).default(0.3),
    anneal: z.enum(['cosine', 'linear']).default('cosine'),
  }),
  z.strictObject({
    schedule: z.literal('range_test'),
    min: rate,
    max: rate,
    growth: z.enum(['linear', 'exponential']).default('linear'),
  }),
]);

export type LearningRate = z.output<typeof learningRateSchema>;
export type ScheduleName = LearningRate['schedule'];
/** The settings of one schedule. */
export type RateOf<Name extends ScheduleName> = Extract<LearningRate, { schedule: Name }>;

const CYCLICAL: readonly ScheduleName[] = ['triangular', 'triangular2', 'exp_range'];

/** Whether training by the schedule may be measured in cycles. */
export function isCyclical(schedule: ScheduleName): boolean {
  return CYCLICAL.includes(schedule);
}
