import { z } from 'zod';

const positiveInteger = z.int().min(1);

/** A stretch of training, in update steps: a number of steps, or of epochs (times floor(train / batch_size)). */
export const durationSchema = z
  .union([
    positiveInteger,
    z.strictObject({ steps: positiveInteger }),
    z.strictObject({ epochs: z.number().positive() }),
  ])
  .meta({ example: '{epochs: 2}' });

export type Duration = z.output<typeof durationSchema>;

/** In whole update steps: rounded down from epochs, and at least one. */
export function inSteps(given: Duration, stepsPerEpoch: number): number {
  if (typeof given === 'number') return given;
  if ('steps' in given) return given.steps;
  return Math.max(1, Math.floor(given.epochs * stepsPerEpoch));
}
