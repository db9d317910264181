import { workerData, type MessagePort } from 'node:worker_threads';
import { toErrorPayload } from '../../proto/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { openKernel } from '../kernel/recipe.js';
import { recordStatistics } from '../kernel/statistics.js';
import type { OneThreadConfig } from '../../proto/trainers/index.js';
import { dividedTrainerOf, trainerOf } from '../trainers/index.js';
import type { TrialEnd, TrialInput } from '../trainers/trainer.js';
import {
  CANCELLED,
  type TaskAnswer,
  type TaskTrial,
  type ThreadSetup,
  type ThreadTasks,
  type TrialReport,
} from './task.js';

/* A trial thread's entry: Piscina calls these exports by name. */

const setup = workerData as ThreadSetup;
let opened: Kernel | undefined;

function kernel(): Kernel {
  opened ??= openKernel(setup.kernel, setup.memory);
  return opened;
}

function answer<Value>(work: () => Value): Promise<TaskAnswer<Value>> {
  try {
    return Promise.resolve({ ok: true, value: work() });
  } catch (error) {
    return Promise.resolve({ ok: false, error: toErrorPayload(error) });
  }
}

export const warmUp: ThreadTasks['warmUp'] = () =>
  answer(() => {
    kernel();
    return null;
  });

export const normalisation: ThreadTasks['normalisation'] = (task) =>
  answer(() => recordStatistics(setup.memory, task.records, task.count));

export const runTrials: ThreadTasks['runTrials'] = ({ trials, progress, ...shared }) =>
  answer(() => {
    try {
      const [first] = trials;
      if (first === undefined) return null;
      const inputs = trials.map((trial, index) => trialInput(trial, index, progress));
      trainerOf(first.config).run({ ...shared, trials: inputs, kernel: kernel(), memory: setup.memory });
      return null;
    } finally {
      progress.close();
    }
  });

export const runStep: ThreadTasks['runStep'] = ({ step, cancel, config, ...of }) =>
  answer(() => {
    const trainer = dividedTrainerOf(config);
    const input = { ...of, config, memory: setup.memory };
    if (step.kind === 'finish') {
      try {
        const end = trainer.finish(input, step.weights);
        report(step.end, { trial: 0, kind: 'end', end }, transferable(end));
      } finally {
        step.end.close();
      }
      return null;
    }
    const room = { kernel: kernel(), workspace: step.workspace };
    if (step.kind === 'prepare') trainer.prepare(input, room);
    else trainer.runPart(input, room, step.part, () => Atomics.load(cancel, 0) !== 0);
    return null;
  });

function report(port: MessagePort, message: TrialReport, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function trialInput(
  { cancel, ...trial }: TaskTrial,
  index: number,
  progress: MessagePort,
): TrialInput<OneThreadConfig> {
  return {
    ...trial,
    cancelled: () => Atomics.load(cancel, 0) === CANCELLED,
    onEpoch: (epoch, epochsTotal) => report(progress, { trial: index, kind: 'epoch', epoch, epochsTotal }),
    onEnd: (end) => report(progress, { trial: index, kind: 'end', end }, transferable(end)),
  };
}

/** A weights file is moved, not copied. */
function transferable(end: TrialEnd): ArrayBuffer[] {
  return 'weights' in end && end.weights !== undefined ? [end.weights.buffer] : [];
}
