import { createRequire } from 'node:module';
import { join } from 'node:path';
import { VernierError } from '../../../proto/errors.js';
import { packageRoot } from '../../../proto/package-root.js';
import type { BlockedFunctions } from '../blocked/functions.js';
import type { Precision } from '../kernel.js';

/** Vectors that the kernel is built for: 128 bits (every x64, every arm64), AVX2, 256 and 512 bits with AVX-512's registers. */
export type NativeWidth = 'sse2' | 'neon' | 'avx2' | 'avx512vl' | 'avx512';

export interface NativeAddon {
  /** Those that this processor runs, narrowest first; all give the same bits. */
  readonly widths: readonly NativeWidth[];
  functions(width: NativeWidth, memory: WebAssembly.Memory): Record<Precision, BlockedFunctions>;
  /** The most operations a second of multiplications and additions, each on its own, that one core does in its registers. */
  multiplyAddPeak(width: NativeWidth, precision: Precision, milliseconds: number): number;
}

/** What source/addon.c exports. */
export interface NativeBinding {
  /** Of the sources it was built from. */
  sources: string;
  widths: NativeWidth[];
  open(memory: Uint8Array, width: NativeWidth, precision: Precision): BlockedFunctions;
  multiplyAddPeak(width: NativeWidth, precision: Precision, milliseconds: number): number;
  /** Put e^x, or log x, in the place of every x: for tests. */
  exponentials(values: Float64Array, width: NativeWidth): void;
  logarithms(values: Float64Array, width: NativeWidth): void;
}

const require = createRequire(import.meta.url);
const MEND = 'npm run build:native builds it, or shows what is missing (a C compiler, Python 3)';

/**
 * Loads the kernel that the installation built.
 *
 * @throws VernierError KERNEL_UNAVAILABLE when there is none, none for this Node.js, or one of other sources than these
 */
export function loadNativeAddon(): NativeAddon {
  const binding = loadNativeBinding();
  return {
    widths: binding.widths,
    functions: (width, memory) => {
      // A memory that can be shared never moves: what is seen of it now gives the address of all that it may grow to.
      const view = new Uint8Array(memory.buffer);
      return { float32: binding.open(view, width, 'float32'), float64: binding.open(view, width, 'float64') };
    },
    multiplyAddPeak: (width, precision, milliseconds) => binding.multiplyAddPeak(width, precision, milliseconds),
  };
}

/** @throws VernierError KERNEL_UNAVAILABLE, as loadNativeAddon */
export function loadNativeBinding(root: string = packageRoot): NativeBinding {
  const finder = require('node-gyp-build') as { resolve: (folder: string) => string };
  let file: string;
  try {
    file = finder.resolve(root);
  } catch (cause) {
    throw unavailable('the native kernel is not built here', cause);
  }
  let binding: NativeBinding;
  try {
    binding = require(file) as NativeBinding;
  } catch (cause) {
    throw unavailable(`the native kernel ${file} does not load here: ${String(cause)}`, cause);
  }
  if (binding.sources !== digestOfSources(root)) {
    throw unavailable(`the native kernel ${file} was built from other sources than those in ${root}`);
  }
  if (binding.widths.length === 0) throw unavailable('the native kernel has no code for this processor');
  return binding;
}

function digestOfSources(root: string): string {
  const { sourceDigest } = require(join(root, 'worker/kernel/native/setup/source-digest.cjs')) as {
    sourceDigest: () => string;
  };
  try {
    return sourceDigest();
  } catch (cause) {
    throw unavailable(`the sources of the native kernel cannot be read: ${String(cause)}`, cause);
  }
}

function unavailable(message: string, cause?: unknown): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', message, { mend: MEND, cause });
}
