import { describe, expect, it } from 'vitest';
import { pickTrial } from '../../../coordinator/cli/pick-trial.js';
import type { RoundDetail__Output } from '../../../proto/generated/vernier/v1/RoundDetail.js';
import type { TrialDetail__Output } from '../../../proto/generated/vernier/v1/TrialDetail.js';

function trial(number: number, score: number, state = 'TRIAL_COMPLETED'): TrialDetail__Output {
  const metrics = [{ name: 'val_accuracy', value: score }];
  return { number, state, metrics, parameters: {}, configuration: number } as unknown as TrialDetail__Output;
}

function round(name: string, ...trials: TrialDetail__Output[]): RoundDetail__Output {
  return { index: 0, name, trials, interval: {}, trialsTotal: trials.length } as unknown as RoundDetail__Output;
}

const detail = {
  rounds: [
    round('coarse', trial(1, 0.3), trial(2, 0.5), trial(3, 0.9, 'TRIAL_DIVERGED')),
    round('fine', trial(4, 0.4)),
  ],
  best: { number: 4 } as never,
  specJson: JSON.stringify({ metric: { name: 'val_accuracy', goal: 'maximize' } }),
};

const picked = (wanted: Parameters<typeof pickTrial>[1]): number => pickTrial(detail, wanted).trial.number;

describe('the trial whose weights are wanted', () => {
  it("is the search's best, a round's best, or the one of that number", () => {
    expect(picked({})).toBe(4);
    expect(picked({ round: 'coarse' })).toBe(2);
    expect(picked({ trial: 1 })).toBe(1);
    expect(picked({ round: 'coarse', trial: 1 })).toBe(1);
  });

  it('must be there', () => {
    expect(() => picked({ trial: 5 })).toThrow('the search has no trial 5');
    expect(() => picked({ round: 'fine', trial: 1 })).toThrow(
      expect.objectContaining({
        code: 'TRIAL_NOT_FOUND',
        message: 'round fine has no trial 1',
        mend: 'it has trials 4 to 4',
      }),
    );
    expect(() => picked({ round: 'final' })).toThrow(
      expect.objectContaining({ message: 'the search has no round final', mend: 'it has coarse, fine' }),
    );
  });

  it('must have completed', () => {
    expect(() => picked({ trial: 3 })).toThrow(
      expect.objectContaining({
        code: 'WEIGHTS_UNAVAILABLE',
        message: 'trial 3 diverged: only completed trials have weights',
      }),
    );
  });

  it('is none while nothing has the metric', () => {
    expect(() => pickTrial({ ...detail, rounds: [], best: null }, {})).toThrow('no trial has a finite val_accuracy');
  });
});
