import * as fc from 'fast-check';
import type { Duration } from '../../proto/training/duration.js';
import { type LearningRate, type RateOf, type ScheduleName } from '../../proto/training/learning-rate.js';
import type { ScheduleLength } from '../../proto/training/schedules/schedule.js';

/** A schedule's settings, and the training that it is for. */
export interface ScheduleCase<Name extends ScheduleName> {
  rate: RateOf<Name>;
  length: ScheduleLength;
}

const length: fc.Arbitrary<ScheduleLength> = fc.record({
  stepsPerEpoch: fc.integer({ min: 1, max: 60 }),
  totalSteps: fc.integer({ min: 2, max: 400 }),
});
const steps = fc.integer({ min: 1, max: 120 });
const duration: fc.Arbitrary<Duration> = fc.oneof(
  steps,
  fc.record({ steps }),
  fc.record({ epochs: fc.double({ min: 0.01, max: 5, noNaN: true }) }),
);
const rate = fc.double({ min: 1e-6, max: 10, noNaN: true });
/** From min up to max, both above 0 and apart. */
const range = fc
  .tuple(rate, fc.double({ min: 1.01, max: 1e4, noNaN: true }))
  .map(([min, ratio]) => ({ min, max: min * ratio }));
const cycle = fc.tuple(range, duration).map(([ends, step_size]) => ({ ...ends, step_size }));

const rates: { [Name in ScheduleName]: fc.Arbitrary<Omit<RateOf<Name>, 'schedule'>> } = {
  constant: fc.record({ value: rate }),
  triangular: cycle,
  triangular2: cycle,
  exp_range: fc.tuple(cycle, fc.double({ min: 0.9, max: 1, noNaN: true })).map(([rest, gamma]) => ({ ...rest, gamma })),
  cosine: fc
    .tuple(
      range,
      fc.option(duration, { nil: undefined }),
      fc.option(fc.record({ period: duration, multiply: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
    )
    .map(([ends, warmup, restarts]) => ({ ...ends, warmup, restarts })),
  step: fc.record({ value: rate, factor: fc.double({ min: 0.05, max: 1, noNaN: true }), every: duration }),
  one_cycle: fc.record({
    max: rate,
    div_factor: fc.double({ min: 1, max: 100, noNaN: true }),
    final_div_factor: fc.double({ min: 1, max: 1e5, noNaN: true }),
    pct_start: fc.integer({ min: 0, max: 1000 }).map((share) => share / 1000),
    anneal: fc.constantFrom('cosine', 'linear'),
  }),
  range_test: fc
    .tuple(range, fc.constantFrom('linear' as const, 'exponential' as const))
    .map(([ends, growth]) => ({ ...ends, growth })),
};

/** Any settings of a schedule, for any training. */
export function scheduleCase<Name extends ScheduleName>(schedule: Name): fc.Arbitrary<ScheduleCase<Name>> {
  return fc.record({ rate: rates[schedule], length }).map(({ rate: settings, length: of }) => ({
    rate: { schedule, ...settings } as unknown as RateOf<Name>,
    length: of,
  }));
}

/** The greatest rate that the settings name: what differences are measured by. */
export function greatestRate(settings: LearningRate): number {
  return 'max' in settings ? settings.max : settings.value;
}
