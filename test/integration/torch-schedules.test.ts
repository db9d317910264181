import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inSteps } from '../../proto/training/duration.js';
import type { RateOf, ScheduleName } from '../../proto/training/learning-rate.js';
import { scheduleOf } from '../../proto/training/schedules/index.js';
import type { ScheduleLength } from '../../proto/training/schedules/schedule.js';
import { PYTHON, runPython } from '../support/python.js';
import { greatestRate, scheduleCase, type ScheduleCase } from '../support/schedules.js';

/* The schedules beside PyTorch's, where PyTorch defines the same: at every update step, but for rounding. */

const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;
const SCRIPT = join(import.meta.dirname, '../numpy/torch_schedules.py');

/** Of the greatest rate. CosineAnnealingLR works each rate out of the one before, so its rounding adds up. */
const TOLERANCE = 1e-12;
const SAMPLES = 60;
/** So many of them PyTorch must define. */
const FEWEST_CASES = 30;

interface TorchScheduler {
  scheduler: string;
  lr: number;
  arguments: { [name: string]: unknown };
  /** Our update step that its first is. */
  from?: number;
}

type Translated = Exclude<ScheduleName, 'constant' | 'range_test'>;

interface CyclicalCase {
  rate: RateOf<'triangular' | 'triangular2' | 'exp_range'>;
  length: ScheduleLength;
}

function cyclic({ rate, length }: CyclicalCase): TorchScheduler {
  const { min, max, step_size: stepSize, schedule: mode } = rate;
  const gamma = rate.schedule === 'exp_range' ? rate.gamma : 1;
  const bounds = { base_lr: min, max_lr: max, step_size_up: inSteps(stepSize, length.stepsPerEpoch) };
  return { scheduler: 'CyclicLR', lr: min, arguments: { ...bounds, mode, gamma, cycle_momentum: false } };
}

/** The scheduler of the same settings; undefined where PyTorch has none. */
const TRANSLATIONS: { [Name in Translated]: (of: ScheduleCase<Name>) => TorchScheduler | undefined } = {
  triangular: cyclic,
  triangular2: cyclic,
  exp_range: cyclic,
  cosine({ rate: { min, max, warmup, restarts }, length: { stepsPerEpoch, totalSteps } }) {
    const from = warmup === undefined ? 0 : inSteps(warmup, stepsPerEpoch);
    if (from >= totalSteps) return undefined;
    if (restarts === undefined) {
      return { scheduler: 'CosineAnnealingLR', lr: max, arguments: { T_max: totalSteps - from, eta_min: min }, from };
    }
    const T_0 = inSteps(restarts.period, stepsPerEpoch);
    const T_mult = restarts.multiply;
    return { scheduler: 'CosineAnnealingWarmRestarts', lr: max, arguments: { T_0, T_mult, eta_min: min }, from };
  },
  step({ rate: { value, factor, every }, length: { stepsPerEpoch } }) {
    const stepSize = inSteps(every, stepsPerEpoch);
    return { scheduler: 'StepLR', lr: value, arguments: { step_size: stepSize, gamma: factor } };
  },
  one_cycle({ rate, length: { totalSteps } }) {
    const peak = rate.pct_start * totalSteps - 1;
    // PyTorch divides by 0, or begins beyond the peak.
    if (peak <= 0 || peak >= totalSteps - 1) return undefined;
    const { max, div_factor, final_div_factor, pct_start } = rate;
    const anneal_strategy = rate.anneal === 'cosine' ? 'cos' : 'linear';
    const settings = { max_lr: max, total_steps: totalSteps, div_factor, final_div_factor, pct_start, anneal_strategy };
    return { scheduler: 'OneCycleLR', lr: 1, arguments: { ...settings, cycle_momentum: false } };
  },
};

interface Compared extends ScheduleCase<ScheduleName> {
  torch: TorchScheduler;
}

function casesOf(name: Translated): Compared[] {
  const translate = TRANSLATIONS[name] as (of: ScheduleCase<ScheduleName>) => TorchScheduler | undefined;
  const samples = fc.sample(scheduleCase<ScheduleName>(name), SAMPLES);
  return samples.flatMap((of) => {
    const torch = translate(of);
    return torch === undefined ? [] : [{ ...of, torch }];
  });
}

describe.skipIf(!hasTorch)(
  `PyTorch's schedulers (${hasTorch ? PYTHON : `skipped: ${PYTHON} has no torch, see VERNIER_TEST_PYTHON`})`,
  () => {
    const names = Object.keys(TRANSLATIONS) as Translated[];
    const answers = new Map<Compared, number[]>();
    const cases = new Map(names.map((name) => [name, casesOf(name)]));

    // To load PyTorch takes seconds: once for all.
    beforeAll(() => {
      const all = [...cases.values()].flat();
      const asked = all.map(({ torch: { from = 0, ...torch }, length }) => ({
        ...torch,
        steps: length.totalSteps - from,
      }));
      const rates = runPython(SCRIPT, asked) as number[][];
      for (const [index, each] of all.entries()) answers.set(each, rates[index] as number[]);
    });

    it.each(names)('agree: %s', (name) => {
      const ours = cases.get(name) ?? [];
      expect(ours.length).toBeGreaterThanOrEqual(FEWEST_CASES);
      for (const each of ours) {
        const { rate, length, torch } = each;
        const eta = scheduleOf(rate, length);
        const theirs = answers.get(each) ?? [];
        expect(theirs.length).toBe(length.totalSteps - (torch.from ?? 0));
        for (const [index, their] of theirs.entries()) {
          const step = (torch.from ?? 0) + index;
          const near = Math.abs(eta(step) - their) <= TOLERANCE * greatestRate(rate);
          if (!near) expect({ rate, length, step, eta: eta(step) }).toEqual(their);
        }
      }
    });
  },
);
