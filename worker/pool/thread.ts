import { workerData } from 'node:worker_threads';
import { toErrorPayload } from '../../proto/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { openKernel } from '../kernel/select.js';
import { recordStatistics } from '../kernel/statistics.js';
import { trainerOf } from '../trainers/index.js';
import { CANCELLED, type EpochReport, type TaskAnswer, type ThreadSetup, type ThreadTasks } from './task.js';

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

export const runTrial: ThreadTasks['runTrial'] = (task) =>
  answer(() => {
    try {
      return trainerOf(task.config).run({
        ...task,
        kernel: kernel(),
        cancelled: () => Atomics.load(task.cancel, 0) === CANCELLED,
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, which has no origin
        onEpoch: (epoch, epochsTotal) => task.progress.postMessage({ epoch, epochsTotal } satisfies EpochReport),
      });
    } finally {
      task.progress.close();
    }
  });
