// oxlint-disable-next-line no-restricted-imports -- the one file of the kernel that reads: the kernel's own code
import { readFileSync } from 'node:fs';
import { VernierError } from '../../../proto/errors.js';
import { packageFile } from '../../../proto/package-root.js';
import type { WasmExports } from './exports.js';

/** Where `npm run build:wasm` leaves the kernel, for the sources and dist/ alike. */
const KERNEL_FILE = 'dist/worker/kernel/wasm/kernel.wasm';

/** The smallest module with a vector in it: (module (func (result v128) i32.const 0 i8x16.splat)). */
const SIMD_PROBE = Uint8Array.from(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
    [1, 5, 1, 0x60, 0, 1, 0x7b], // type: () -> v128
    [3, 2, 1, 0], // function 0 of type 0
    [10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b], // its code
  ].flat(),
);

export function supportsSimd(): boolean {
  return WebAssembly.validate(SIMD_PROBE);
}

/**
 * Compiles the kernel that the build made.
 *
 * @throws VernierError KERNEL_UNAVAILABLE when it is not there
 */
export function compileWasmKernel(file: string = packageFile(KERNEL_FILE)): WebAssembly.Module {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new VernierError('KERNEL_UNAVAILABLE', `the WASM kernel ${file} cannot be read`, {
      mend: 'build it: npm run build',
      cause,
    });
  }
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new VernierError('KERNEL_UNAVAILABLE', `the WASM kernel ${file} cannot be compiled: ${String(cause)}`, {
      mend: 'build it again: npm run build',
      cause,
    });
  }
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WasmExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmExports;
}
