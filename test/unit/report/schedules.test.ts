import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleFigure } from '../../../coordinator/report/figures/schedule.js';
import { renderSvg } from '../../../coordinator/report/figures/render.js';
import { scheduleCsv, scheduleJson } from '../../../coordinator/report/schedules/data.js';
import { decides, isTold, scheduleRounds, type RoundSchedule } from '../../../coordinator/report/schedules/rounds.js';
import { epochInterval, epochStretches, outline, stretches } from '../../../coordinator/report/schedules/samples.js';
import { scheduleLines } from '../../../coordinator/report/schedules/text.js';
import { lengthInWords, rateInWords } from '../../../coordinator/report/schedules/words.js';
import {
  isCyclical,
  learningRateSchema,
  type LearningRate,
  type ScheduleName,
} from '../../../proto/training/learning-rate.js';
import { planTraining } from '../../../proto/training/plan.js';
import { scheduleCase } from '../../support/schedules.js';
import { changed, parse } from '../spec/support.js';

const SCHEDULES = learningRateSchema.options.map(({ shape }) => shape.schedule.value);

/** Of 20 update steps an epoch. */
function round(rate: LearningRate, epochs = 6): RoundSchedule {
  const settings = { dataset: { train: 2000 }, batch_size: 100, learning_rate: rate, epochs };
  return { name: 'only', rate, plan: planTraining(settings), cycles: undefined };
}

/** Any schedule over any number of epochs. */
const anyRound = fc
  .tuple(
    fc.constantFrom<ScheduleName>(...SCHEDULES).chain((name) => scheduleCase<ScheduleName>(name)),
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 50 }),
  )
  .map(([{ rate }, epochs, stepsPerEpoch]): RoundSchedule => {
    // A warm-up that the training does not outlast is refused.
    const learning_rate = 'warmup' in rate ? { ...rate, warmup: undefined } : rate;
    const settings = { dataset: { train: stepsPerEpoch * 10 }, batch_size: 10, learning_rate, epochs };
    return { name: 'any', rate: learning_rate, plan: planTraining(settings), cycles: undefined };
  });

describe('stretches', () => {
  it('cover every update step once, in order, and know their extremes', () => {
    fc.assert(
      fc.property(anyRound, fc.integer({ min: 1, max: 100 }), ({ plan }, count) => {
        const parts = stretches(plan, count);
        expect(parts).toHaveLength(Math.min(count, plan.totalSteps));
        expect(parts[0]?.first.step).toBe(0);
        expect(parts.at(-1)?.last.step).toBe(plan.totalSteps - 1);
        for (const [index, { first, last, least, greatest }] of parts.entries()) {
          expect(first.step).toBe((parts[index - 1]?.last.step ?? -1) + 1);
          const rates = Array.from({ length: last.step - first.step + 1 }, (_, step) =>
            plan.learningRate(first.step + step),
          );
          expect(least.rate).toBe(Math.min(...rates));
          expect(greatest.rate).toBe(Math.max(...rates));
          expect([least, greatest].map(({ step }) => plan.learningRate(step))).toEqual([least.rate, greatest.rate]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are outlined by points in order that miss no extreme', () => {
    fc.assert(
      fc.property(anyRound, ({ plan }) => {
        const points = outline(plan, 30);
        const steps = points.map(({ step }) => step);
        expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
        const all = Array.from({ length: plan.totalSteps }, (_, step) => plan.learningRate(step));
        expect(Math.max(...points.map(({ rate }) => rate))).toBe(Math.max(...all));
        expect(Math.min(...points.map(({ rate }) => rate))).toBe(Math.min(...all));
      }),
      { numRuns: 60 },
    );
  });

  it('of epochs end with the last update step of each, also of one cut short', () => {
    const rate: LearningRate = { schedule: 'triangular', min: 0, max: 1, step_size: 25 };
    const plan = planTraining({ dataset: { train: 200 }, batch_size: 10, learning_rate: rate, cycles: 1 });
    expect(epochStretches(plan).map(({ first, last }) => [first.step, last.step])).toEqual([
      [0, 19],
      [20, 39],
      [40, 49],
    ]);
  });

  it('of a training too long to look at whole are looked at here and there', () => {
    const rate: LearningRate = { schedule: 'range_test', min: 0, max: 1, growth: 'linear' };
    const plan = planTraining({ dataset: { train: 60_000 }, batch_size: 1, learning_rate: rate, epochs: 20_000 });
    let asked = 0;
    const counted = { ...plan, learningRate: (step: number) => ((asked += 1), plan.learningRate(step)) };
    expect(stretches(counted, 70)).toHaveLength(70);
    expect(asked).toBeLessThan(1_100_000);
  });
});

it.each([
  [8, 3, 5],
  [24, 1, 1],
  [1000, 70, 100],
  [4, 100, 4],
  [1, 1, 1],
])('of %i epochs, marks with room for %i between are %i apart', (epochs, room, apart) => {
  expect(epochInterval(epochs, (interval) => interval >= room)).toBe(apart);
});

describe('a chart in the terminal', () => {
  it('fits its room, whatever the schedule', () => {
    fc.assert(
      fc.property(
        anyRound,
        fc.integer({ min: 30, max: 80 }),
        fc.integer({ min: 5, max: 60 }),
        (shown, columns, rows) => {
          const lines = scheduleLines(shown, 1, { columns, rows }).flatMap((line) => line.split('\n'));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
          // Words, a chart of at most ten rows and two of axis; a range test's table comes besides.
          if (shown.rate.schedule !== 'range_test') expect(lines.length).toBeLessThanOrEqual(Math.max(13, rows) + 6);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('shows peaks at their height, between columns too, and where epochs end', () => {
    const triangular: LearningRate = { schedule: 'triangular', min: 0, max: 0.1, step_size: { epochs: 1.5 } };
    expect(scheduleLines(round(triangular), 2, { columns: 60, rows: 24 }).join('\n')).toMatchInlineSnapshot(`
      "Round 2, only: triangular, 0 to 0.1, step size 30
      6 epochs of 20 update steps

            0.1 ┼         ╭─╮                  ╭─╮
           0.09 ┤        ╭╯ ╰╮                ╭╯ ╰╮
           0.08 ┤       ╭╯   ╰╮              ╭╯   ╰╮
           0.07 ┤      ╭╯     ╰╮            ╭╯     ╰╮
           0.06 ┤     ╭╯       ╰╮          ╭╯       ╰╮
           0.05 ┤    ╭╯         ╰╮        ╭╯         ╰╮
           0.04 ┤   ╭╯           ╰╮      ╭╯           ╰╮
           0.03 ┤  ╭╯             ╰╮    ╭╯             ╰╮
           0.02 ┤ ╭╯               ╰╮  ╭╯               ╰╮
           0.01 ┤╭╯                 ╰╮╭╯                 │
              0 ┼╯                   ╰╯                  ╰
                └──────┴──────┴──────┴─────┴──────┴──────┴
                0      1      2      3     4      5      6 epoch"
    `);
  });

  it('shows the edges of a rate that swings too fast for its columns', () => {
    const fast: LearningRate = { schedule: 'triangular', min: 0.02, max: 0.1, step_size: 3 };
    const lines = scheduleLines(round(fast, 100), 1, { columns: 80, rows: 24 });
    const edge = (line = ''): number => line.split('─').length - 1;
    expect(edge(lines.find((line) => /^ +0\.1 [┼┤]/.test(line)))).toBeGreaterThan(50);
    expect(edge(lines.find((line) => /^ +0\.02 [┼┤]/.test(line)))).toBeGreaterThan(50);
  });

  it('has the rate that each epoch of a range test ends at', () => {
    const rate: LearningRate = { schedule: 'range_test', min: 0.001, max: 1, growth: 'exponential' };
    const text = scheduleLines(round(rate, 3), 1, { columns: 80, rows: 24 }).join('\n');
    const { learningRate } = round(rate, 3).plan;
    expect(text).toContain('Rate at the end of each epoch:\n  1: 0.008913  2: 0.08913   3: 0.8913');
    expect([19, 39, 59].map((step) => Number(learningRate(step).toPrecision(4)))).toEqual([0.008913, 0.08913, 0.8913]);
  });
});

it.each<[LearningRate, string]>([
  [{ schedule: 'constant', value: 0.1 }, 'constant, 0.1'],
  [
    { schedule: 'triangular2', min: 1e-5, max: 0.1, step_size: { epochs: 2 } },
    'triangular2, 1e-5 to 0.1, step size 40',
  ],
  [
    { schedule: 'exp_range', min: 0, max: 0.1, step_size: 7, gamma: 0.99994 },
    'exp_range, 0 to 0.1, step size 7, gamma 0.99994',
  ],
  [
    { schedule: 'cosine', min: 0, max: 0.1, warmup: { epochs: 1 }, restarts: { period: 5, multiply: 2 } },
    'cosine, 0.1 to 0, warm-up 20, restarts after 5, then 2 times as long each',
  ],
  [{ schedule: 'step', value: 0.1, factor: 0.5, every: { steps: 9 } }, 'step, 0.1, times 0.5 every 9'],
  [
    { schedule: 'one_cycle', max: 0.1, div_factor: 25, final_div_factor: 1e4, pct_start: 0.3, anneal: 'linear' },
    'one_cycle, 0.004 to 0.1 to 4e-7, linear',
  ],
])('says a schedule in words: %j', (rate, words) => expect(rateInWords(round(rate))).toBe(words));

it('says a length in words', () => {
  const rate: LearningRate = { schedule: 'triangular', min: 0, max: 1, step_size: 25 };
  const settings = { dataset: { train: 200 }, batch_size: 10, learning_rate: rate };
  const plan = planTraining({ ...settings, cycles: 1 });
  expect(lengthInWords({ name: '', rate, plan, cycles: 1 })).toBe(
    '1 cycle, 3 epochs of 20 update steps, the last cut short after 10',
  );
  expect(lengthInWords(round(rate))).toBe('6 epochs of 20 update steps');
});

describe('rounds', () => {
  const spec = (...changes: [string, string][]): ReturnType<typeof parse>['spec'] => parse(changed(...changes)).spec;

  it("have the search's schedule with their own settings over it, and the trial's parameters", () => {
    const [coarse, fine] = scheduleRounds(
      spec(
        ['parameters:', 'parameters:\n  learning_rate.max: { values: [0.2, 0.3] }'],
        ['carry: { best: 3 }', 'carry: { best: 3 }, trial: { cycles: 4 }'],
      ),
      { lambda: 0.1, 'learning_rate.max': 0.3 },
    );
    expect(coarse).toMatchObject({ name: 'coarse', cycles: 2, rate: { max: 0.3 }, plan: { totalSteps: 2000 } });
    expect(fine).toMatchObject({ name: 'fine', cycles: 4, rate: { max: 0.3 }, plan: { totalSteps: 4000 } });
  });

  it('that draw what decides the rate themselves are not told; constants and other parameters are', () => {
    const own = (parameters: string): ReturnType<typeof scheduleRounds> => {
      const text = `parameters: { ${parameters} }`;
      return scheduleRounds(spec(['narrow: { between: { best: 2 } }, carry: { best: 3 }', text]), { lambda: 0.1 });
    };
    expect(own('learning_rate.max: { values: [0.2, 0.3] }')[1]).toEqual({ name: 'fine', drawn: ['learning_rate.max'] });
    expect(own('learning_rate.max: { value: 0.2 }')[1]).toMatchObject({ rate: { max: 0.2 } });
    expect(own('hidden: { values: [10, 20] }').every(isTold)).toBe(true);
  });

  it('keep from a trial only what they have or carry', () => {
    const first = 'trials: 8, parameters: { learning_rate.max: { values: [0.2, 0.3] } } }';
    const parameters = { lambda: 0.1, 'learning_rate.max': 0.3 };
    const carried = scheduleRounds(spec(['trials: 8 }', first]), parameters);
    expect(carried.map((each) => isTold(each) && 'max' in each.rate && each.rate.max)).toEqual([0.3, 0.3]);
    const drawn = scheduleRounds(spec(['trials: 8 }', first], [', carry: { best: 3 }', '']), parameters);
    expect(drawn.map((each) => isTold(each) && 'max' in each.rate && each.rate.max)).toEqual([0.3, 0.1]);
  });

  it('know which parameters decide the rate', () => {
    expect(['learning_rate.max', 'batch_size', 'dataset.train', 'cycles', 'epochs'].every(decides)).toBe(true);
    expect(['lambda', 'hidden', 'hidden.0', 'learning_rates', 'evaluate.val'].some(decides)).toBe(false);
  });
});

it('as CSV each update step has a line, every digit of its rate, and its epoch', () => {
  const of = round({ schedule: 'step', value: 0.1, factor: 0.7, every: 15 }, 600);
  const lines = [...scheduleCsv([of, { ...of, name: 'again' }])].join('').trimEnd().split('\n');
  expect(lines[0]).toBe('round,step,epoch,rate');
  expect(lines).toHaveLength(1 + 2 * 12_000);
  const step = 11_999;
  expect(lines[1 + step]?.split(',')).toEqual(['only', '11999', '600', String(of.plan.learningRate(step))]);
  expect(lines[1 + 12_000 + 20]?.split(',').slice(0, 3)).toEqual(['again', '20', '2']);
});

it('as JSON each epoch has its rates', () => {
  const of = round({ schedule: 'triangular', min: 0, max: 1, step_size: 10 }, 2);
  expect(scheduleJson(of)).toEqual({
    name: 'only',
    learningRate: of.rate,
    stepsPerEpoch: 20,
    totalSteps: 40,
    cycleSteps: 20,
    epochs: [
      { epoch: 1, first: 0, last: 1 * (2 - 19 / 10), least: 0, greatest: 1 },
      { epoch: 2, first: 0, last: 1 * (2 - 19 / 10), least: 0, greatest: 1 },
    ],
  });
  expect(isCyclical('triangular')).toBe(true);
});

it('as a figure every round has a panel with its line and its epochs', () => {
  const rounds = SCHEDULES.map((name) => ({ ...round(exampleOf(name), 6), name }));
  const svg = renderSvg(scheduleFigure(rounds));
  for (const name of SCHEDULES) expect(svg).toContain(`>${name}: ${name}, `);
  expect(svg.match(/>epoch 1</g)).toHaveLength(SCHEDULES.length);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(renderSvg(scheduleFigure(rounds))).toBe(svg);
});

function exampleOf(schedule: ScheduleName): LearningRate {
  const settings = { min: 0.001, max: 0.1, value: 0.1, step_size: 20, gamma: 0.99, factor: 0.5, every: 30 };
  const taken = learningRateSchema.options.find(({ shape }) => shape.schedule.value === schedule)!.shape;
  return learningRateSchema.parse(
    Object.fromEntries(Object.entries({ schedule, ...settings }).filter(([key]) => key in taken)),
  );
}
