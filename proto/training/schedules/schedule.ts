/** Learning rate eta of update step t, from 0. */
export type LearningRateSchedule = (step: number) => number;

/** The lengths that a schedule's settings refer to. */
export interface ScheduleLength {
  /** Mini-batches per epoch: floor(train / batch size); an incomplete last one is dropped. */
  stepsPerEpoch: number;
  /** Update steps in all. */
  totalSteps: number;
}
