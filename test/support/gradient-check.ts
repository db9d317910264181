import { gradientCheckSchema, type GradientCheckConfig } from '../../proto/trainers/gradient-check.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import type { Kernel } from '../../worker/kernel/kernel.js';
import type { NodeMemory } from '../../worker/kernel/memory.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import { gradientCheckTrainer } from '../../worker/trainers/gradient-check.js';
import type { TrialFinished } from '../../worker/trainers/trainer.js';

/** A check that takes a moment; `changes` to its settings. */
export function checkConfig(changes: object = {}): GradientCheckConfig {
  return gradientCheckSchema.parse({
    kind: 'gradient-check',
    dataset: { name: 'fashion-mnist-mini', train: 500 },
    hidden: 4,
    samples: { count: 6 },
    ...changes,
  });
}

/** A whole check in this thread, its file as well. Each step gets the kernel from `kernelOf`, which may be a faulty one. */
export function runCheck(
  kernelOf: (memory: WebAssembly.Memory) => Kernel,
  memory: NodeMemory,
  dataset: LoadedDataset,
  config: GradientCheckConfig,
  seed = 42,
): TrialFinished {
  const kernel = kernelOf(memory.memory);
  const needs = gradientCheckTrainer.needs(config, dataset.info);
  const input = {
    config,
    seed,
    specSha256: '0'.repeat(64),
    dataset,
    normalisation: recordStatistics(memory.memory, dataset.train, needs.trainRecords),
    memory: memory.memory,
    state: memory.allocate(needs.stateBytes),
  };
  const regions = [input.state];
  const room = (shapes: Parameters<Kernel['open']>[0]) => {
    const workspace = memory.allocate(kernel.workspaceBytes(shapes));
    regions.push(workspace);
    return { kernel, workspace };
  };
  gradientCheckTrainer.prepare(input, room(needs.shapes.prepare));
  const part = room(needs.shapes.part);
  for (let index = 0; index < needs.parts; index++) gradientCheckTrainer.runPart(input, part, index, () => false);
  const finished = gradientCheckTrainer.finish(input, { keep: 'always' });
  for (const region of regions) memory.release(region);
  return finished;
}
