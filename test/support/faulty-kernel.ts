import { blockedKernel } from '../../worker/kernel/blocked/index.js';
import type { BlockedFunctions } from '../../worker/kernel/blocked/functions.js';
import type { Kernel, Precision } from '../../worker/kernel/kernel.js';

/*
 * Backends with one mistake, such as compilers, vector units and programmers make: right functions, one of whose answers is computed
 * again in another way.
 */

type Functions = (precision: Precision, scratch: number) => BlockedFunctions;

/** One number of the memory, of either precision. */
interface Numbers {
  bytes: number;
  view: () => DataView;
  get: (address: number) => number;
  set: (address: number, value: number) => void;
  /** Rounds to the precision. */
  round: (value: number) => number;
}

/** Gives other functions in the place of the right ones. */
export type Fault = (right: BlockedFunctions, numbers: Numbers) => Partial<BlockedFunctions>;

/** The kernel of `functions`, with the fault in one precision alone. */
export function faultyKernel(
  functions: Functions,
  memory: WebAssembly.Memory,
  precision: Precision,
  fault: Fault,
): Kernel {
  let view = new DataView(memory.buffer);
  // The memory grows while networks are opened.
  const now = () => (view = view.buffer === memory.buffer ? view : new DataView(memory.buffer));
  const numbers: Numbers =
    precision === 'float32'
      ? {
          bytes: 4,
          view: now,
          get: (address) => now().getFloat32(address, true),
          set: (address, value) => now().setFloat32(address, value, true),
          round: Math.fround,
        }
      : {
          bytes: 8,
          view: now,
          get: (address) => now().getFloat64(address, true),
          set: (address, value) => now().setFloat64(address, value, true),
          round: (value) => value,
        };
  const withFault: Functions = (each, scratch) => {
    const right = functions(each, scratch);
    return each === precision ? { ...right, ...fault(right, numbers) } : right;
  };
  return blockedKernel('wasm', withFault, memory);
}

/** Which elements of a matrix the fault is in, by its rows and columns. */
type Place = (rows: number, columns: number) => readonly (readonly [row: number, column: number])[];
export const ELEMENTS: Record<string, Place> = {
  'the first element': () => [[0, 0]],
  'the last element': (rows, columns) => [[rows - 1, columns - 1]],
};
/** What a tile or a vector leaves over. */
export const EDGES: Record<string, Place> = {
  'the last row': (rows, columns) => Array.from({ length: columns }, (_, j) => [rows - 1, j]),
  'the last column': (rows, columns) => Array.from({ length: rows }, (_, i) => [i, columns - 1]),
};

/** Accumulates the terms x[k] * y[k]. */
type Sum = (start: number, terms: readonly (readonly [number, number])[], numbers: Numbers) => number;

/** Sums that are not what docs/numerics.md asks for, of float32 numbers: their products are exact in double precision. */
export const FLOAT32_SUMS: Record<string, Sum> = {
  'fused multiply-adds': (start, terms) => terms.reduce((sum, [x, y]) => Math.fround(sum + x * y), start),
  'a fused multiply-add now and then': (start, terms) =>
    terms.reduce((sum, [x, y], k) => Math.fround(sum + (k % 8 === 7 ? x * y : Math.fround(x * y))), start),
  'a sum in double precision': (start, terms) => Math.fround(terms.reduce((sum, [x, y]) => sum + x * y, start)),
};

/** The same for either precision. */
export const SUMS: Record<string, Sum> = {
  'descending order': (start, terms, { round }) => terms.reduceRight((sum, [x, y]) => round(sum + round(x * y)), start),
  'two sums side by side': (start, terms, { round }) => {
    const half = (odd: number) =>
      terms.filter((_, k) => k % 2 === odd).reduce((sum, [x, y]) => round(sum + round(x * y)), odd === 0 ? start : 0);
    return round(half(0) + half(1));
  },
  'subnormal numbers flushed': (start, terms, { round, bytes }) => {
    const flush = (value: number) => flushed(value, bytes);
    return terms.reduce((sum, [x, y]) => flush(round(sum + flush(round(flush(x) * flush(y))))), start);
  },
};

/** Without subnormal numbers, as some vector units compute. */
export function flushed(value: number, bytes: number): number {
  if (Math.abs(value) >= (bytes === 4 ? 2 ** -126 : 2 ** -1022) || Number.isNaN(value)) return value;
  return value < 0 ? -0 : 0;
}

/** In the forward and backward products. */
export function inMultiply(sum: Sum, place: Place): Fault {
  return (right, numbers) => ({
    multiply: (m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add) => {
      const { bytes, get, set } = numbers;
      const faulty = place(m, n).map(([i, j]) => {
        const at = c + i * cRow + j * bytes;
        const terms = Array.from({ length: depth }, (_, k): [number, number] => [
          get(a + i * aRow + k * aStep),
          get(b + k * bRow + j * bytes),
        ]);
        return { at, value: sum(add === 1 ? get(at) : 0, terms, numbers) };
      });
      right.multiply(m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add);
      for (const { at, value } of faulty) set(at, value);
    },
  });
}

/** In the product of the weights' step, which for itself is as it should be. */
export function inUpdate(sum: Sum, place: Place): Fault {
  return (right, numbers) => ({
    update: (m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta) => {
      const { bytes, get, set, round } = numbers;
      const lane = 64 / bytes;
      const faulty = place(m, n).map(([i, j]) => {
        const at = w + i * wRow + j * bytes;
        const column = b + Math.floor(j / lane) * bPanel + (j % lane) * bytes;
        const terms = Array.from({ length: depth }, (_, k): [number, number] => [
          get(a + i * aRow + k * bytes),
          get(column + k * 64),
        ]);
        const kept = round(round(keep) * get(at));
        return { at, value: round(kept - round(round(eta) * sum(0, terms, numbers))) };
      });
      right.update(m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta);
      for (const { at, value } of faulty) set(at, value);
    },
  });
}

/** Changes the numbers at some addresses, by the call's arguments, after a function is done. */
export function afterwards<Name extends keyof BlockedFunctions>(
  name: Name,
  addresses: (bytes: number, ...args: Parameters<BlockedFunctions[Name]>) => readonly number[],
  change: (value: number) => number,
): Fault {
  return (right, { bytes, get, set, round }) => {
    const call = right[name] as (...args: Parameters<BlockedFunctions[Name]>) => void;
    const changed = (...args: Parameters<BlockedFunctions[Name]>) => {
      call(...args);
      for (const address of addresses(bytes, ...args)) set(address, round(change(get(address))));
    };
    return { [name]: changed };
  };
}

/** Addresses of a matrix by rows. */
export function elements(matrix: number, row: number, rows: number, columns: number, bytes: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    return matrix + Math.floor(at / columns) * row + (at % columns) * bytes;
  });
}
