import { availableParallelism, cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { dataDirOption, jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import { forcedKernel, forcedNativeWidth } from '../../proto/kernels.js';
import { defaultStore } from '../../proto/user-folders.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import { dataFolder } from '../datasets/folder.js';
import { sizeOf } from '../datasets/stored.js';
import { surveyDatasets } from '../datasets/survey.js';
import { NodeMemory } from '../kernel/memory.js';
import { kernelLabel } from '../kernel/recipe.js';
import { kernelReport } from '../kernel/report.js';
import { loadKernel } from '../kernel/select.js';
import type { DataOptions } from './data-options.js';
import { datasetJson } from './dataset-text.js';
import { doctorText, type DoctorReport } from './doctor-text.js';

const HELP = `
Examples:
  vernier doctor
  vernier doctor --json

A step is one update of a 3072-50-10 network with a mini-batch of 100, on one
thread; Gflop/s are what its two large products make of it. All kernels give
the same bits: what fails its self-test is not used.

Environment:
  VERNIER_KERNEL        reference, wasm or native: use it and no other
  VERNIER_NATIVE_WIDTH  sse2, neon, avx2, avx512vl or avx512: use the native
                        kernel with these vectors and nothing else (default: the
                        fastest, by a few steps timed at the start of a worker);
                        VERNIER_KERNEL comes before it`;

/** `vernier doctor`: what this machine has. */
export const doctorCommand: CommandFactory = (context) =>
  new Command('doctor')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((options: DataOptions) => doctor(options, context));

async function doctor(options: DataOptions, context: CommandContext): Promise<void> {
  const report = await examine(options, context);
  if (options.json) writeJson({ ...report, datasets: report.datasets.map(datasetJson) }, context.stdout);
  else context.stdout.write(`${doctorText(report)}\n`);
}

async function examine(options: DataOptions, { env, version }: CommandContext): Promise<DoctorReport> {
  const dataDir = dataFolder(env, options.dataDir);
  // A data folder that cannot be read is a finding, not the end of the examination.
  const survey = await surveyDatasets(dataDir).catch((error: unknown) => {
    if (error instanceof VernierError) return error.message;
    throw error;
  });
  const kernels = kernelReport();
  const store = defaultStore(env);
  return {
    versions: { vernier: version, protocol: PROTOCOL_VERSION, numerics: NUMERICS_VERSION },
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? null,
    cores: availableParallelism(),
    memoryBytes: usableMemory(),
    kernels,
    ...(await kernelInUse(env)),
    dataDir,
    dataProblem: typeof survey === 'string' ? survey : null,
    datasets: typeof survey === 'string' ? [] : survey,
    store,
    storeBytes: (await sizeOf(store).catch(() => undefined)) ?? null,
  };
}

/** A container's limit where there is one. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  // 0 and numbers beyond what the machine has say that there is none.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** What a worker uses here, which is chosen as a worker chooses it. */
async function kernelInUse(env: NodeJS.ProcessEnv): Promise<Pick<DoctorReport, 'kernelInUse' | 'kernelProblem'>> {
  try {
    const request = { name: forcedKernel(env['VERNIER_KERNEL']), nativeWidth: forcedNativeWidth(env) };
    const { recipe } = await loadKernel(request, new NodeMemory().memory);
    return { kernelInUse: kernelLabel(recipe), kernelProblem: null };
  } catch (error) {
    if (!(error instanceof VernierError)) throw error;
    return {
      kernelInUse: null,
      kernelProblem: error.mend === undefined ? error.message : `${error.message}; ${error.mend}`,
    };
  }
}
