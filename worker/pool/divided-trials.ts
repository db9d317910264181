import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { VernierError } from '../../proto/errors.js';
import type { DividedConfig } from '../../proto/trainers/index.js';
import type { Kernel, Region } from '../kernel/kernel.js';
import { dividedTrainerOf } from '../trainers/index.js';
import type { DividedNeeds, TrialEnd } from '../trainers/trainer.js';
import type { NodeData } from './node-data.js';
import type { ReadTrial } from './pool-trial.js';
import { Slots } from './slots.js';
import type { StepTask, TrialReport } from './task.js';

export interface DividedPorts {
  threads: number;
  kernel: Kernel;
  /** The node's threads: a slot a step. */
  slots: Slots;
  data: NodeData;
  release: (region: Region) => void;
  /** Runs a step in a thread. */
  runStep: (task: StepTask, transferList?: MessagePort[]) => Promise<null>;
}

/** A trial whose data are there. */
interface Ready extends ReadTrial<DividedConfig> {
  needs: DividedNeeds;
  /** Of every step but what it does. */
  task: Omit<StepTask, 'step'>;
}

/**
 * Trials whose work is divided into parts. A part takes a slot like any other trial, and gives it back when it is done, so that others
 * wait for a part and not for the trial. Parts of the next divided trial begin when none of the former's waits: two at a time
 * would both be late.
 *
 *     prepare --> parts, each in the next free thread --> finish
 *       any step fails, or its thread dies --> the other parts stop --> the trial ends so
 */
export class DividedTrials {
  /** Whose parts are begun. */
  private readonly turn = new Slots(1);
  /** Those that have had their turn and not ended: they need no more memory, and give back what they have. */
  private readonly leaving = new Set<Promise<void>>();

  constructor(private readonly ports: DividedPorts) {}

  /** Runs a trial to its end. */
  async run(read: ReadTrial<DividedConfig>): Promise<void> {
    await this.turn.acquire();
    let hasTurn = true;
    const endTurn = (): void => {
      if (hasTurn) this.turn.release();
      hasTurn = false;
    };
    const running: Promise<void> = this.runInTurn(read, () => {
      this.leaving.add(running);
      endTurn();
    });
    try {
      await running;
    } finally {
      this.leaving.delete(running);
      endTurn();
    }
  }

  /** @param onLastPart called when every part is begun */
  private async runInTurn(read: ReadTrial<DividedConfig>, onLastPart: () => void): Promise<void> {
    const { data } = this.ports;
    const { trial, config } = read;
    const { datasetSha256 } = trial.request;
    let held = false;
    try {
      if (trial.isCancelled) return trial.end({ outcome: 'cancelled' });
      const dataset = await data.hold(config.dataset.name, datasetSha256);
      held = true;
      const needs = dividedTrainerOf(config).needs(config, dataset.info);
      const normalisation = await data.normalisation(dataset, needs.trainRecords);
      const { seed, specSha256 } = trial.request;
      const cancel = trial.cancelCell;
      await this.withRegion(needs.stateBytes, async (state) => {
        const task = { config, seed, specSha256, dataset, normalisation, state, cancel };
        await this.runSteps({ ...read, needs, task }, onLastPart);
      });
    } catch (error) {
      trial.fail(error);
    } finally {
      if (held) data.release(datasetSha256);
    }
  }

  private async runSteps(ready: Ready, onLastPart: () => void): Promise<void> {
    const { trial, needs, task } = ready;
    const { prepare, part } = needs.shapes;
    const bytes = Math.max(...[prepare, part].map((shapes) => this.ports.kernel.workspaceBytes(shapes)));
    await this.withRegion(bytes, async (workspace) => {
      await this.inSlot(ready, () => this.ports.runStep({ ...task, step: { kind: 'prepare', workspace } }));
      await this.runParts(ready, workspace, onLastPart);
    });
    if (!trial.isCancelled) await this.finish(ready);
    if (!trial.hasEnded) trial.end({ outcome: 'cancelled' });
  }

  /** Parts side by side, as many as there are threads, fewer where memory is short. */
  private async runParts(ready: Ready, first: Region, onLastPart: () => void): Promise<void> {
    const { trial, needs, task } = ready;
    let begun = 0;
    let done = 0;
    const one = async (workspace: Region): Promise<void> => {
      while (begun < needs.parts && !trial.isStopped) {
        await this.inSlot(ready, async () => {
          if (begun === needs.parts) return;
          const part = begun++;
          if (begun === needs.parts) onLastPart();
          await this.ports.runStep({ ...task, step: { kind: 'part', part, workspace } });
          if (!trial.isStopped) trial.start.onPart?.(++done, needs.parts);
        });
      }
    };
    const others = this.moreWorkspaces(needs);
    try {
      const ends = await Promise.allSettled(
        [first, ...others].map(async (workspace) => {
          try {
            await one(workspace);
          } catch (error) {
            trial.abandon();
            throw error;
          }
        }),
      );
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      for (const workspace of others) this.ports.release(workspace);
    }
  }

  /** For threads beside the first one. */
  private moreWorkspaces({ shapes, parts }: DividedNeeds): Region[] {
    const bytes = this.ports.kernel.workspaceBytes(shapes.part);
    const workspaces: Region[] = [];
    while (workspaces.length < Math.min(this.ports.threads, parts) - 1) {
      try {
        workspaces.push(this.ports.data.allocate(bytes));
      } catch {
        break;
      }
    }
    return workspaces;
  }

  private async finish(ready: Ready): Promise<void> {
    const { trial, task } = ready;
    const { port1, port2 } = new MessageChannel();
    try {
      const step = { kind: 'finish', weights: trial.request.weights, end: port2 } as const;
      await this.inSlot(ready, () => this.ports.runStep({ ...task, step }, [port2]));
      const sent = receiveMessageOnPort(port1)?.message as TrialReport | undefined;
      if (sent?.kind !== 'end') throw new Error('a thread left a trial without its end');
      trial.end(sent.end satisfies TrialEnd);
    } finally {
      port1.close();
    }
  }

  /** Does nothing when the trial was stopped while it waited. */
  private async inSlot({ trial }: Ready, work: () => Promise<unknown>): Promise<void> {
    await this.ports.slots.acquire();
    try {
      if (!trial.isStopped) await work();
    } finally {
      this.ports.slots.release();
    }
  }

  private async withRegion(bytes: number, use: (region: Region) => Promise<void>): Promise<void> {
    const region = await this.allocate(bytes);
    try {
      await use(region);
    } finally {
      this.ports.release(region);
    }
  }

  /** Waits for the memory of trials that are about to end, where there is not enough. */
  private async allocate(bytes: number): Promise<Region> {
    for (;;) {
      try {
        return this.ports.data.allocate(bytes);
      } catch (cause) {
        if (!(cause instanceof VernierError)) throw cause;
        if (this.leaving.size === 0) {
          throw new VernierError(cause.code, `a divided trial needs ${bytes} bytes more: ${cause.message}`, {
            mend: 'use a smaller network or fewer samples, or a worker that runs nothing else',
            cause,
          });
        }
      }
      await Promise.race(this.leaving);
    }
  }
}
