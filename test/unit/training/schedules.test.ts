import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Duration } from '../../../proto/training/duration.js';
import { learningRateSchema, type RateOf, type ScheduleName } from '../../../proto/training/learning-rate.js';
import { scheduleOf } from '../../../proto/training/schedules/index.js';
import type { ScheduleLength } from '../../../proto/training/schedules/schedule.js';
import { greatestRate, scheduleCase } from '../../support/schedules.js';

/*
 * Each schedule against its published formula, written here anew as its source has it, with the engine's own pow and cos. So the two
 * agree but for rounding, and a slip in one of them shows.
 */

type Published<Name extends ScheduleName> = (t: number, rate: RateOf<Name>, length: ScheduleLength) => number;

function inWholeSteps(given: Duration, { stepsPerEpoch }: ScheduleLength): number {
  const steps = typeof given === 'number' ? given : 'steps' in given ? given.steps : given.epochs * stepsPerEpoch;
  return steps < 1 ? 1 : Math.trunc(steps);
}

/** The CLR paper's code: `scale` gets the cycle, from 1, and the iteration. */
function clr(
  t: number,
  { min, max, step_size }: Omit<RateOf<'triangular'>, 'schedule'>,
  length: ScheduleLength,
  scale: (cycle: number, iteration: number) => number,
): number {
  const stepSize = inWholeSteps(step_size, length);
  const cycle = Math.floor(1 + t / (2 * stepSize));
  const x = Math.abs(t / stepSize - 2 * cycle + 1);
  return min + (max - min) * Math.max(0, 1 - x) * scale(cycle, t);
}

/** SGDR's equation 5 with T_i and T_cur counted as the run goes, step by step; a straight warm-up before. */
function sgdr(t: number, { min, max, warmup, restarts }: RateOf<'cosine'>, length: ScheduleLength): number {
  const rising = warmup === undefined ? 0 : inWholeSteps(warmup, length);
  if (t < rising) return (min * (rising - t) + max * t) / rising;
  let whole = restarts === undefined ? length.totalSteps - rising : inWholeSteps(restarts.period, length);
  let current = 0;
  for (let step = rising; step < t; step++) {
    current += 1;
    if (current < whole) continue;
    current = 0;
    whole *= restarts?.multiply ?? 1;
  }
  return min + 0.5 * (max - min) * (1 + Math.cos((current / whole) * Math.PI));
}

/** PyTorch's OneCycleLR, its phases' ends as it names them. */
function oneCycle(t: number, rate: RateOf<'one_cycle'>, { totalSteps }: ScheduleLength): number {
  const start = rate.max / rate.div_factor;
  const least = start / rate.final_div_factor;
  const end = rate.pct_start * totalSteps - 1;
  const [from, to, share] =
    t <= end && end > 0
      ? [start, rate.max, t / end]
      : [rate.max, least, (t - Math.max(0, end)) / (totalSteps - 1 - Math.max(0, end))];
  if (rate.anneal === 'linear') return from + (to - from) * share;
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
}

const PUBLISHED: { [Name in ScheduleName]: Published<Name> } = {
  constant: (_t, { value }) => value,
  triangular: (t, rate, length) => clr(t, rate, length, () => 1),
  triangular2: (t, rate, length) => clr(t, rate, length, (cycle) => 1 / 2 ** (cycle - 1)),
  exp_range: (t, rate, length) => clr(t, rate, length, (_cycle, iteration) => rate.gamma ** iteration),
  cosine: sgdr,
  step: (t, { value, factor, every }, length) => value * factor ** Math.floor(t / inWholeSteps(every, length)),
  one_cycle: oneCycle,
  range_test: (t, { min, max, growth }, { totalSteps }) =>
    growth === 'linear' ? min + ((max - min) * t) / totalSteps : min * (max / min) ** (t / totalSteps),
};
const NAMES = Object.keys(PUBLISHED) as ScheduleName[];

/** Of the greatest rate. */
const TOLERANCE = 1e-12;
/** What one rounding may add at the upper end. */
const ROUNDING = 2 ** -52;

/** The least and greatest rate that the settings allow. */
function boundsOf(rate: RateOf<ScheduleName>): [number, number] {
  if (rate.schedule === 'constant') return [rate.value, rate.value];
  if (rate.schedule === 'step') return [0, rate.value];
  if (rate.schedule === 'one_cycle') return [rate.max / rate.div_factor / rate.final_div_factor, rate.max];
  return [rate.min, rate.max];
}

function allRates(rate: RateOf<ScheduleName>, length: ScheduleLength): number[] {
  const eta = scheduleOf(rate, length);
  return Array.from({ length: length.totalSteps }, (_, step) => eta(step));
}

it('every schedule of the settings has its formula here', () => {
  expect(learningRateSchema.options.map(({ shape }) => shape.schedule.value).sort()).toEqual(NAMES.toSorted());
});

describe.each(NAMES)('%s', (name) => {
  it('is its published formula, at every update step', () => {
    const published = PUBLISHED[name] as Published<ScheduleName>;
    fc.assert(
      fc.property(scheduleCase(name), ({ rate, length }) => {
        const most = greatestRate(rate);
        for (const [step, eta] of allRates(rate, length).entries()) {
          const difference = Math.abs(eta - published(step, rate, length)) / most;
          if (!(difference <= TOLERANCE)) expect([step, eta]).toEqual([step, published(step, rate, length)]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(scheduleCase(name), ({ rate, length }) => {
        const [least, most] = boundsOf(rate);
        const etas = allRates(rate, length);
        expect(Math.min(...etas)).toBeGreaterThanOrEqual(least);
        expect(Math.max(...etas)).toBeLessThanOrEqual(most * (1 + ROUNDING));
      }),
    );
  });

  it('has settings that the schema takes as they are', () => {
    fc.assert(
      fc.property(scheduleCase(name), ({ rate }) => {
        expect(learningRateSchema.parse(JSON.parse(JSON.stringify(rate)))).toEqual(rate);
      }),
    );
  });
});

const schedule = <Name extends ScheduleName>(
  rate: RateOf<Name>,
  { stepsPerEpoch = 10, totalSteps = 100 }: Partial<ScheduleLength> = {},
): ((step: number) => number) => scheduleOf(rate, { stepsPerEpoch, totalSteps });

/** The steepest that a rate changes between neighbouring update steps. */
function steepest(etas: readonly number[]): number {
  return Math.max(0, ...etas.slice(1).map((eta, step) => Math.abs(eta - (etas[step] as number))));
}

describe('cyclical schedules', () => {
  it('are at min where a cycle begins and, in the first, at max half a cycle later', () => {
    fc.assert(
      fc.property(scheduleCase('triangular'), fc.nat({ max: 20 }), ({ rate, length }, cycles) => {
        const stepSize = inWholeSteps(rate.step_size, length);
        const { min, max } = rate;
        for (const other of [
          rate,
          { ...rate, schedule: 'triangular2' as const },
          { ...rate, schedule: 'exp_range' as const, gamma: 0.999 },
        ]) {
          expect(schedule(other, length)(2 * stepSize * cycles)).toBe(min);
        }
        expect(schedule(rate, length)(2 * stepSize * cycles + stepSize)).toBe(min + (max - min) * 1);
        expect(schedule({ ...rate, schedule: 'triangular2' }, length)(stepSize)).toBe(min + (max - min) * 1);
      }),
    );
  });

  it('rise for the first half of a cycle, fall for the second, and repeat', () => {
    fc.assert(
      fc.property(
        scheduleCase('triangular'),
        fc.nat(),
        fc.nat({ max: 20 }),
        ({ rate, length: { stepsPerEpoch } }, at, cycles) => {
          const stepSize = inWholeSteps(rate.step_size, { stepsPerEpoch, totalSteps: 1 });
          const eta = schedule(rate, { stepsPerEpoch });
          const step = at % (2 * stepSize);
          const next = eta(step + 1);
          if (step < stepSize) expect(next).toBeGreaterThan(eta(step));
          else expect(next).toBeLessThan(eta(step));
          expect(eta(step + 2 * stepSize * cycles)).toBe(eta(step));
        },
      ),
    );
  });

  it('are continuous: no step is steeper than the first rise', () => {
    fc.assert(
      fc.property(scheduleCase('exp_range'), ({ rate, length }) => {
        const { gamma, ...rest } = rate;
        const span = rate.max - rate.min;
        const slope = (span / inWholeSteps(rate.step_size, length)) * (1 + 1e-9);
        expect(steepest(allRates({ ...rest, schedule: 'triangular' }, length))).toBeLessThanOrEqual(slope);
        expect(steepest(allRates({ ...rest, schedule: 'triangular2' }, length))).toBeLessThanOrEqual(slope);
        expect(steepest(allRates(rate, length))).toBeLessThanOrEqual(slope + span * (1 - gamma));
      }),
    );
  });

  it('halve exactly, to the last number that is not 0 and beyond', () => {
    const eta = schedule({ schedule: 'triangular2', min: 0, max: 1, step_size: 1 });
    expect([0, 1, 2, 3, 5, 7].map(eta)).toEqual([0, 1, 0, 0.5, 0.25, 0.125]);
    expect(eta(2 * 1074 + 1)).toBe(Number.MIN_VALUE);
    expect(eta(2 * 1075 + 1)).toBe(0);
    expect(eta(2 * 1_000_000_000 + 1)).toBe(0);
  });

  it('with gamma 1 are triangular, to the bit', () => {
    fc.assert(
      fc.property(scheduleCase('triangular'), ({ rate, length }) => {
        expect(allRates({ ...rate, schedule: 'exp_range', gamma: 1 }, length)).toEqual(allRates(rate, length));
      }),
    );
  });

  it("are the contract's order of operations", () => {
    const cycle = { min: 1e-5, max: 1e-1, step_size: 500 };
    const triangular = schedule({ schedule: 'triangular', ...cycle });
    expect(triangular(123)).toBe(1e-5 + (1e-1 - 1e-5) * (123 / 500));
    expect(triangular(876)).toBe(1e-5 + (1e-1 - 1e-5) * (2 - 876 / 500));
    expect(triangular(1000 + 123)).toBe(triangular(123));
    const triangular2 = schedule({ schedule: 'triangular2', ...cycle });
    expect(triangular2(2123)).toBe(1e-5 + (1e-1 - 1e-5) * ((123 / 500) * 0.25));
  });
});

describe('cosine', () => {
  const rate = { schedule: 'cosine', min: 0.001, max: 0.1 } as const;

  it('begins at max, is halfway in the middle and at min when training is over', () => {
    const eta = schedule(rate);
    expect(eta(0)).toBe(0.001 + (0.1 - 0.001) * 1);
    expect(eta(50)).toBeCloseTo(0.0505, 15);
    expect(eta(99)).toBeGreaterThan(0.001);
    expect(schedule(rate, { totalSteps: 101 })(100)).toBeLessThan(0.0011);
  });

  it('warms up from min in a straight line, and meets the fall where that begins', () => {
    const eta = schedule({ ...rate, warmup: { epochs: 2 } });
    expect([eta(0), eta(10)]).toEqual([0.001, 0.001 + (0.1 - 0.001) * (10 / 20)]);
    expect(eta(20)).toBe(0.001 + (0.1 - 0.001) * 1);
    expect(eta(60)).toBeCloseTo(0.0505, 15);
  });

  it('restarts warm, in periods that grow', () => {
    const eta = schedule({ ...rate, warmup: 5, restarts: { period: 7, multiply: 2 } }, { totalSteps: 1000 });
    const tops = Array.from({ length: 400 }, (_, step) => step).filter((step) => eta(step) >= 0.1);
    expect(tops).toEqual([5, 5 + 7, 5 + 7 + 14, 5 + 7 + 14 + 28, 5 + 7 * 15, 5 + 7 * 31]);
    const even = schedule({ ...rate, restarts: { period: { epochs: 1 }, multiply: 1 } });
    expect([0, 10, 90, 1_000_000_000].map(even)).toEqual(Array.from({ length: 4 }, () => even(0)));
  });

  it('is continuous but where it restarts', () => {
    fc.assert(
      fc.property(scheduleCase('cosine'), ({ rate: { restarts, ...settings }, length }) => {
        const span = settings.max - settings.min;
        const rising = settings.warmup === undefined ? 0 : inWholeSteps(settings.warmup, length);
        const falling = restarts === undefined ? length.totalSteps - rising : inWholeSteps(restarts.period, length);
        const slope = Math.max(rising > 0 ? span / rising : 0, ((span / falling) * Math.PI) / 2) * (1 + 1e-9);
        const etas = allRates({ ...settings, restarts }, length);
        const jumps = etas.slice(1).filter((eta, step) => Math.abs(eta - (etas[step] as number)) > slope);
        // Only a restart goes up by so much, and only to max.
        expect(restarts === undefined ? jumps : []).toEqual([]);
        for (const eta of jumps) expect(eta).toBe(settings.min + span * 1);
      }),
    );
  });
});

describe('step', () => {
  it('falls after every so many update steps, and between them not at all', () => {
    const eta = schedule({ schedule: 'step', value: 0.1, factor: 0.5, every: { epochs: 3 } });
    expect([0, 29].map(eta)).toEqual([0.1, 0.1]);
    expect(eta(30)).toBe(eta(59));
    expect(eta(30)).toBeCloseTo(0.05, 15);
    expect(eta(60)).toBeCloseTo(0.025, 15);
    expect(eta(1_000_000_000)).toBe(0);
  });
});

describe('one_cycle', () => {
  const rate = learningRateSchema.parse({ schedule: 'one_cycle', max: 0.5 }) as RateOf<'one_cycle'>;

  it("begins at max / 25, peaks at PyTorch's step and ends at its least, exactly", () => {
    for (const anneal of ['cosine', 'linear'] as const) {
      const eta = schedule({ ...rate, anneal });
      expect(eta(0)).toBe(0.5 / 25);
      // 0.3 of 100 update steps are those of 0 to 29.
      expect(eta(29)).toBeCloseTo(0.5, 15);
      expect(Math.max(eta(28), eta(30))).toBeLessThan(eta(29));
      expect(eta(99)).toBe(0.5 / 25 / 10_000);
    }
  });

  it('has its ends exact whatever the settings', () => {
    fc.assert(
      fc.property(scheduleCase('one_cycle'), ({ rate: settings, length }) => {
        const { max, div_factor, final_div_factor, pct_start } = settings;
        const etas = allRates(settings, length);
        const peak = pct_start * length.totalSteps - 1;
        if (peak > 0) expect(etas[0]).toBe(max / div_factor);
        else expect(etas[0]).toBeCloseTo(max, 12);
        if (peak < length.totalSteps - 1) expect(etas.at(-1)).toBe(max / div_factor / final_div_factor);
        else expect(etas.at(-1)).toBeCloseTo(max, 12);
      }),
    );
  });

  it('is a rate even where there is room for a peak alone', () => {
    for (const totalSteps of [1, 2, 3]) {
      for (const pct_start of [0, 0.3, 1]) {
        const etas = allRates({ ...rate, pct_start }, { stepsPerEpoch: 1, totalSteps });
        for (const eta of etas) expect(eta).toBeGreaterThan(0);
        expect(Math.max(...etas)).toBeLessThanOrEqual(0.5);
      }
    }
    expect(allRates(rate, { stepsPerEpoch: 1, totalSteps: 1 })[0]).toBeCloseTo(0.5, 15);
  });
});

describe('range_test', () => {
  it('rises in a straight line as the first half of a triangular cycle does, to the bit', () => {
    fc.assert(
      fc.property(scheduleCase('range_test'), ({ rate: { min, max }, length }) => {
        const cycle = { schedule: 'triangular', min, max, step_size: length.totalSteps } as const;
        expect(allRates({ schedule: 'range_test', min, max, growth: 'linear' }, length)).toEqual(
          allRates(cycle, length),
        );
      }),
    );
  });

  it('grows by the same factor at each update step where it grows exponentially', () => {
    fc.assert(
      fc.property(scheduleCase('range_test'), ({ rate: { min, max }, length }) => {
        const eta = schedule({ schedule: 'range_test', min, max, growth: 'exponential' }, length);
        expect(eta(0)).toBe(min);
        expect(Math.abs(eta(length.totalSteps) / max - 1)).toBeLessThan(TOLERANCE);
        const factor = (max / min) ** (1 / length.totalSteps);
        for (let step = 0; step < length.totalSteps; step++) {
          expect(Math.abs(eta(step + 1) / eta(step) / factor - 1)).toBeLessThan(TOLERANCE);
        }
      }),
      { numRuns: 30 },
    );
  });
});

it('a constant rate never changes', () => {
  const eta = schedule({ schedule: 'constant', value: 0.03 });
  expect([eta(0), eta(1), eta(1_000_000)]).toEqual([0.03, 0.03, 0.03]);
});
