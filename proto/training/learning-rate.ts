import { z } from 'zod';
import { durationSchema } from './duration.js';

const rate = z.number().min(0);

/** A trial's `learning_rate`: the schedule's name and what its formula (schedule.ts) takes. */
export const learningRateSchema = z.discriminatedUnion('schedule', [
  z.strictObject({ schedule: z.literal('constant'), value: rate }),
  /** `step_size` is half a cycle. */
  z.strictObject({ schedule: z.literal('triangular'), min: rate, max: rate, step_size: durationSchema }),
]);

export type LearningRate = z.output<typeof learningRateSchema>;
