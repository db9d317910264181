import { VernierError } from './errors.js';

/** Numerical backends, slowest first, by the names that --kernel and VERNIER_KERNEL take. All give the same bits (docs/numerics.md). */
export const KERNEL_NAMES = ['reference', 'wasm', 'native'] as const;
export type KernelName = (typeof KERNEL_NAMES)[number];

/**
 * Vectors that the native kernel is built for, narrowest first, by the names that VERNIER_NATIVE_WIDTH takes: 128 bits (every x64,
 * every arm64), AVX2, 256 and 512 bits with AVX-512's registers.
 */
export const NATIVE_WIDTHS = ['sse2', 'neon', 'avx2', 'avx512vl', 'avx512'] as const;
export type NativeWidth = (typeof NATIVE_WIDTHS)[number];

/**
 * The width that VERNIER_NATIVE_WIDTH forces; undefined: the fastest of this machine.
 *
 * @throws VernierError USAGE
 */
export function forcedNativeWidth(env: Readonly<Record<string, string | undefined>>): NativeWidth | undefined {
  return oneOf(NATIVE_WIDTHS, env['VERNIER_NATIVE_WIDTH'], 'native width', 'VERNIER_NATIVE_WIDTH');
}

/**
 * A kernel's name as option or environment give it; undefined: the fastest of this machine.
 *
 * @throws VernierError USAGE
 */
export function forcedKernel(name: string | undefined): KernelName | undefined {
  return oneOf(KERNEL_NAMES, name, 'kernel', '--kernel, VERNIER_KERNEL');
}

function oneOf<Name extends string>(
  names: readonly Name[],
  name: string | undefined,
  what: string,
  where: string,
): Name | undefined {
  if (name === undefined || name === '') return undefined;
  const known = names.find((each) => each === name);
  if (known !== undefined) return known;
  throw new VernierError('USAGE', `there is no ${what} ${JSON.stringify(name)}`, {
    mend: `choose one of ${names.join(', ')}, or leave it out for the fastest (${where})`,
  });
}

/**
 * Bytes of the memory that a node's kernel works in, which holds data, networks and activations of all threads. WebAssembly's limit
 * for 32-bit memories is 4 GiB; the last page is left out, so that the address behind a region is still a 32-bit number.
 */
export const MAX_KERNEL_BYTES = 65_535 * 65_536;
