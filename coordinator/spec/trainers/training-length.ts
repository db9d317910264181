import type { Duration } from '../../../proto/training/duration.js';
import { isCyclical, type ScheduleName } from '../../../proto/training/learning-rate.js';
import { MAX_EPOCHS, trainingLength, type LengthSettings, type TrainingLength } from '../../../proto/training/plan.js';
import type { Partially } from '../search-schema.js';
import type { TrialToCheck } from './trainer-rules.js';

type Part = Partially<
  Omit<LengthSettings, 'learning_rate'> & { learning_rate: { schedule: ScheduleName; step_size?: Duration } }
>;
type Trial = Pick<TrialToCheck<Part>, 'config' | 'gives' | 'report'>;

/** A length is given once, in what the schedule is measured in, and is no greater than a trial may have. */
export function checkTrainingLength(trial: Trial): void {
  checkLength(trial);
  checkEpochs(trial);
}

function checkLength({ config, gives, report }: Trial): void {
  const schedule = config.learning_rate?.schedule;
  const cyclical = schedule !== undefined && isCyclical(schedule);
  if (gives('cycles') && gives('epochs')) {
    report({
      rule: 'length',
      message: 'cycles and epochs both give the length of training',
      paths: ['cycles', 'epochs'],
      suggestion: 'keep one of them',
    });
  } else if (gives('cycles') && schedule !== undefined && !cyclical) {
    report({
      rule: 'cycles-without-schedule',
      message: `cycles need a cyclical schedule, and learning_rate.schedule is ${schedule}`,
      paths: ['cycles', 'learning_rate.schedule'],
      suggestion: 'write epochs, or schedule: triangular',
    });
  } else if (!gives('cycles') && !gives('epochs')) {
    report({
      rule: 'length',
      message: 'the trial has no length: neither cycles nor epochs is given',
      paths: [],
      suggestion: schedule === undefined ? 'add cycles or epochs' : `add ${cyclical ? 'cycles: 2' : 'epochs: 10'}`,
    });
  }
}

/** Cycles give a length in update steps; how many epochs those are depends on the split and the mini-batch. */
function checkEpochs({ config, gives, report }: Trial): void {
  const length = gives('epochs') ? undefined : soundLength(config);
  if (length?.cycleSteps === undefined || length.epochs <= MAX_EPOCHS) return;
  const { cycleSteps, epochs, stepsPerEpoch } = length;
  const most = Math.floor((MAX_EPOCHS * stepsPerEpoch) / cycleSteps);
  report({
    rule: 'too-long',
    message: `cycles ${config.cycles} of ${cycleSteps} update steps each are ${epochs} epochs, more than the ${MAX_EPOCHS} that a trial may have`,
    paths: ['cycles', 'learning_rate.step_size'],
    suggestion: most < 1 ? 'choose a smaller step_size' : `cycles is at most ${most} with this step_size`,
  });
}

/** The length of training, where what it follows from is sound. */
export function soundLength(config: Part): TrainingLength | undefined {
  const { batch_size, dataset, learning_rate: rate, cycles, epochs } = config;
  if (batch_size === undefined || dataset?.train === undefined) return undefined;
  return trainingLength({
    dataset: { train: dataset.train },
    batch_size,
    learning_rate: { step_size: soundDuration(rate?.step_size) },
    cycles,
    epochs,
  });
}

/** The duration where it is sound. */
export function soundDuration(given: Partially<Duration> | undefined): Duration | undefined {
  if (given === undefined || typeof given === 'number') return given;
  if ('steps' in given && given.steps !== undefined) return { steps: given.steps };
  return 'epochs' in given && given.epochs !== undefined ? { epochs: given.epochs } : undefined;
}
