// oxlint-disable-next-line no-restricted-imports -- looks at the file that it loads
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { VernierError } from '../../../proto/errors.js';
import type { NativeWidth } from '../../../proto/kernels.js';
import { packageRoot } from '../../../proto/package-root.js';
import { shellWord } from '../../../proto/shell-word.js';
import type { BlockedFunctions } from '../blocked/functions.js';
import type { Precision } from '../kernel.js';

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
/** From any folder: who installed the package is not in its folder. */
const MEND = `npm --prefix ${shellWord(packageRoot)} run build:native builds it, or shows what is missing (a C compiler, Python 3)`;

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

/** Whether there is a file to load, of whatever worth. */
export function isNativeBuilt(root: string = packageRoot): boolean {
  try {
    findNative(root);
    return true;
  } catch {
    return false;
  }
}

function findNative(root: string): string {
  const finder = require('node-gyp-build') as { resolve: (folder: string) => string };
  try {
    return finder.resolve(root);
  } catch (cause) {
    throw unavailable('the native kernel is not built here', cause);
  }
}

/** @throws VernierError KERNEL_UNAVAILABLE, as loadNativeAddon */
export function loadNativeBinding(root: string = packageRoot): NativeBinding {
  const file = findNative(root);
  const binding = loadFile(file);
  if (binding.sources !== digestOfSources(root)) {
    throw unavailable(`the native kernel ${file} was built from other sources than those in ${root}`);
  }
  if (binding.widths.length === 0) throw unavailable('the native kernel has no code for this processor');
  return binding;
}

function loadFile(file: string): NativeBinding {
  try {
    if (!isCutOff(file)) return require(file) as NativeBinding;
  } catch (cause) {
    throw unavailable(`the native kernel ${file} does not load here: ${reasonOf(cause, file)}`, cause);
  }
  throw unavailable(`the native kernel ${file} is not whole`);
}

/** What the loader says; it begins with the file's name, which the message has already. */
function reasonOf(cause: unknown, file: string): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.startsWith(`${file}: `) ? text.slice(file.length + 2) : text;
}

/**
 * Whether an ELF file ends before its table of sections, which linkers put last: loading what was cut off there ends the process
 * with SIGBUS instead of an error. What is no ELF file of 64 bits is left to the loader to refuse.
 */
function isCutOff(file: string): boolean {
  const header = Buffer.alloc(64);
  const opened = openSync(file, 'r');
  try {
    const elf64 =
      readSync(opened, header) === header.length && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2;
    if (!elf64) return false;
    const sections = Number(header.readBigUInt64LE(40));
    return fstatSync(opened).size < sections + header.readUInt16LE(58) * header.readUInt16LE(60);
  } finally {
    closeSync(opened);
  }
}

function digestOfSources(root: string): string {
  const script = join(root, 'worker/kernel/native/setup/source-digest.cjs');
  try {
    return (require(script) as { sourceDigest: () => string }).sourceDigest();
  } catch (cause) {
    throw unavailable(`the sources of the native kernel cannot be read: ${String(cause)}`, cause);
  }
}

function unavailable(message: string, cause?: unknown): VernierError {
  return new VernierError('KERNEL_UNAVAILABLE', message, { mend: MEND, cause });
}
