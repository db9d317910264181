/** Learning rate eta of update step t, from 0. */
export type LearningRateSchedule = (step: number) => number;

export function constantRate(eta: number): LearningRateSchedule {
  return () => eta;
}

/**
 * The triangular cyclical learning rate of Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017):
 * from min at t = 2 l n_s up to max at t = (2 l + 1) n_s and back by t = 2 (l + 1) n_s.
 *
 * The order of the float64 operations is part of the numerics contract.
 *
 * @param stepSize n_s, half a cycle, in update steps
 */
export function triangularRate(min: number, max: number, stepSize: number): LearningRateSchedule {
  return (step) => {
    const position = step % (2 * stepSize);
    const share = position < stepSize ? position / stepSize : 2 - position / stepSize;
    return min + (max - min) * share;
  };
}
