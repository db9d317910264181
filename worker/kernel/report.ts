import { VernierError } from '../../proto/errors.js';
import { KERNEL_NAMES, NATIVE_WIDTHS, type KernelName, type NativeWidth } from '../../proto/kernels.js';
import { measureTrainStep, STEP_OPERATIONS } from './measure.js';
import { NodeMemory } from './memory.js';
import type { KernelRecipe } from './recipe.js';
import { selfTestFault } from './self-test.js';
import { failedSelfTest, recipesOf, thisHost, type KernelHost } from './select.js';

/** One backend, or the native one with vectors of one width. */
export interface KernelReport {
  name: KernelName;
  /** Of the native kernel, where there is one. */
  width?: NativeWidth;
  available: boolean;
  /** Why not, and what to do about it. */
  reason?: string;
  mend?: string;
  /** Milliseconds per update step of a 3072-50-10 network with mini-batches of 100: the median. */
  stepMs?: number;
  /** What the step's two large products make of that, in 10^9 operations a second. */
  gflops?: number;
}

/** How long each is measured; the reference takes longer, for its few steps. */
const BUDGET_MS = 120;

/** Every backend, whether it runs here and gives the right bits, and how fast: about a second's work. */
export function kernelReport(host: KernelHost = thisHost): KernelReport[] {
  const memory = new NodeMemory();
  return KERNEL_NAMES.flatMap((name) => {
    try {
      const reports = recipesOf(name, host).map((recipe) => reportOf(recipe, memory, host));
      return [...reports, ...missingWidths(reports)];
    } catch (error) {
      if (!(error instanceof VernierError)) throw error;
      return [unavailable({ name }, error)];
    }
  });
}

function reportOf(recipe: KernelRecipe, memory: NodeMemory, host: KernelHost): KernelReport {
  const { name } = recipe;
  const what = name === 'native' ? { name, width: recipe.width } : { name };
  const fault = name === 'reference' ? undefined : selfTestFault((scratch) => host.open(recipe, scratch));
  if (fault !== undefined) return unavailable(what, failedSelfTest(recipe, fault));
  const { medianMs } = measureTrainStep(host.open(recipe, memory.memory), memory, BUDGET_MS);
  return { ...what, available: true, stepMs: medianMs, gflops: STEP_OPERATIONS / medianMs / 1e6 };
}

/** Widths of the native kernel that processors like this one may have, and this one has not. */
function missingWidths(reports: readonly KernelReport[]): KernelReport[] {
  const here = reports.flatMap(({ width }) => (width === undefined ? [] : [width]));
  // NEON is all that an arm64 processor has, and what no other has.
  if (here.length === 0 || here.includes('neon')) return [];
  return NATIVE_WIDTHS.filter((width) => width !== 'neon' && !here.includes(width)).map((width) => ({
    name: 'native',
    width,
    available: false,
    reason: 'this processor does not have it',
  }));
}

function unavailable(what: { name: KernelName; width?: NativeWidth }, { message, mend }: VernierError): KernelReport {
  return { ...what, available: false, reason: message, ...(mend === undefined ? {} : { mend }) };
}
