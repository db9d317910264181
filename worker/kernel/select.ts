import { VernierError } from '../../proto/errors.js';
import type { KernelName, NativeWidth } from '../../proto/kernels.js';
import type { Kernel } from './kernel.js';
import { compareTrainSteps } from './measure.js';
import { NodeMemory } from './memory.js';
import { isNativeBuilt, loadNativeAddon, type NativeAddon } from './native/index.js';
import { kernelLabel, openKernel, type KernelRecipe } from './recipe.js';
import { selfTestFault } from './self-test.js';
import { compileWasmKernel, supportsSimd } from './wasm/module.js';

/** A kernel over a memory, and what threads need to open it again. */
export interface LoadedKernel {
  kernel: Kernel;
  recipe: KernelRecipe;
}

/** What is asked for by option or environment; undefined: the fastest. */
export interface KernelRequest {
  name?: KernelName | undefined;
  /** Without a name it asks for the native kernel. */
  nativeWidth?: NativeWidth | undefined;
}

/** What this engine and this machine can do; tests put others in its place. */
export interface KernelHost {
  isNativeBuilt: () => boolean;
  loadNativeAddon: () => NativeAddon;
  supportsSimd: () => boolean;
  compileWasmKernel: () => WebAssembly.Module;
  open: (recipe: KernelRecipe, memory: WebAssembly.Memory) => Kernel;
  /** Milliseconds per update step of each kernel, all over the one memory. */
  compareTrainSteps: (kernels: readonly Kernel[], memory: NodeMemory) => number[];
}

export const thisHost: KernelHost = {
  isNativeBuilt: () => isNativeBuilt(),
  loadNativeAddon: () => loadNativeAddon(),
  supportsSimd,
  compileWasmKernel: () => compileWasmKernel(),
  open: openKernel,
  compareTrainSteps,
};

/**
 * Loads the backend that is asked for, or the fastest that gives the right bits on this machine: every candidate but the
 * reference has to pass the self-test. Takes some 50 ms.
 *
 * @param onFallback is told, in one sentence, what should have run here and does not; a native kernel that was never built is no
 *   matter for it
 * @throws VernierError KERNEL_UNAVAILABLE when what is asked for cannot run here or gives other bits, or the WASM kernel is
 *   wanted and not built
 */
export function loadKernel(
  request: KernelRequest,
  memory: WebAssembly.Memory,
  onFallback: (reason: string) => void = () => {},
  host: KernelHost = thisHost,
): Promise<LoadedKernel> {
  // A promise, because a backend may have to be compiled or loaded asynchronously.
  try {
    const recipe = choose(request, onFallback, host);
    return Promise.resolve({ kernel: host.open(recipe, memory), recipe });
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function choose(request: KernelRequest, onFallback: (reason: string) => void, host: KernelHost): KernelRecipe {
  const { nativeWidth } = request;
  const forced = request.name ?? (nativeWidth === undefined ? undefined : 'native');
  const passedOver: VernierError[] = [];
  const chosen = firstToPass(
    forced === undefined ? anyCandidate(host, passedOver) : candidates(forced, nativeWidth, host),
    host,
    passedOver,
  );
  if (chosen === undefined) throw passedOver[0];
  const slowly = chosen.name === 'reference' ? ' about 50 times slower' : '';
  for (const { message, mend } of passedOver) {
    onFallback(`${message}: kernel ${kernelLabel(chosen)} is used, which gives the right bits${slowly}; ${mend}`);
  }
  return chosen;
}

/** The first that gives the right bits; those before it are added to `passedOver`. */
function firstToPass(
  tried: Iterable<KernelRecipe>,
  host: KernelHost,
  passedOver: VernierError[],
): KernelRecipe | undefined {
  for (const recipe of tried) {
    // The reference is what the others are compared with.
    const fault = recipe.name === 'reference' ? undefined : selfTestFault((memory) => host.open(recipe, memory));
    if (fault === undefined) return recipe;
    passedOver.push(failedSelfTest(recipe, fault));
  }
  return undefined;
}

/** All that may run here, fastest first; what should and cannot is added to `passedOver`. */
function* anyCandidate(host: KernelHost, passedOver: VernierError[]): Generator<KernelRecipe> {
  // Where it was not built there is no word about it: not every machine has a compiler.
  if (host.isNativeBuilt()) {
    try {
      yield* candidates('native', undefined, host);
    } catch (error) {
      if (!(error instanceof VernierError)) throw error;
      passedOver.push(error);
    }
  }
  // A WASM kernel that was not built is no reason to be slow: the checkout is not whole.
  if (host.supportsSimd()) yield* candidates('wasm', undefined, host);
  else passedOver.push(noSimd());
  yield { name: 'reference' };
}

/**
 * What of one backend may run here, fastest first.
 *
 * @throws VernierError KERNEL_UNAVAILABLE when there is nothing
 */
function candidates(name: KernelName, width: NativeWidth | undefined, host: KernelHost): KernelRecipe[] {
  if (name !== 'native') return recipesOf(name, host);
  const recipes = nativeRecipes(host);
  if (width === undefined) return fastestFirst(recipes, host);
  const wanted = recipes.filter((recipe) => recipe.width === width);
  if (wanted.length > 0) return wanted;
  throw new VernierError(
    'KERNEL_UNAVAILABLE',
    `the native kernel cannot use ${width} on this processor, which VERNIER_NATIVE_WIDTH asks for`,
    { mend: `choose one of ${recipes.map((recipe) => recipe.width).join(', ')}, or leave it out for the fastest` },
  );
}

/**
 * Every form of a backend that runs on this machine; the native kernel has one a width, narrowest first.
 *
 * @throws VernierError KERNEL_UNAVAILABLE when there is none
 */
export function recipesOf(name: KernelName, host: KernelHost): KernelRecipe[] {
  if (name === 'native') return nativeRecipes(host);
  if (name === 'reference') return [{ name }];
  if (!host.supportsSimd()) throw noSimd();
  return [{ name, module: host.compileWasmKernel() }];
}

type NativeRecipe = Extract<KernelRecipe, { name: 'native' }>;

function nativeRecipes(host: KernelHost): NativeRecipe[] {
  return host.loadNativeAddon().widths.map((width) => ({ name: 'native', width }));
}

/** Vectors of 128 bits: the slowest wherever there are others. */
const NARROW: readonly NativeWidth[] = ['sse2', 'neon'];

/**
 * The widest vectors are not always the fastest: a processor may run 512 bits at half the pace, or slow down for them. So a few
 * steps are timed; whatever comes of it, the bits are the same.
 */
function fastestFirst(recipes: readonly NativeRecipe[], host: KernelHost): NativeRecipe[] {
  const wide = recipes.filter(({ width }) => !NARROW.includes(width));
  const narrow = recipes.filter(({ width }) => NARROW.includes(width));
  if (wide.length < 2) return [...wide, ...narrow];
  const memory = new NodeMemory();
  const stepMs = host.compareTrainSteps(
    wide.map((recipe) => host.open(recipe, memory.memory)),
    memory,
  );
  const timed = wide.map((recipe, index) => ({ recipe, ms: stepMs[index] as number }));
  return [...timed.sort((a, b) => a.ms - b.ms).map(({ recipe }) => recipe), ...narrow];
}

export function failedSelfTest(recipe: KernelRecipe, fault: string): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', `kernel ${kernelLabel(recipe)} fails its self-test (${fault})`, {
    mend: 'build or install it anew, and report it with what vernier doctor prints',
  });
}

function noSimd(): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', 'the wasm kernel needs WebAssembly SIMD, which this engine lacks', {
    mend: 'run it on a processor that has SSE4.1, or use the reference kernel: --kernel reference',
  });
}
