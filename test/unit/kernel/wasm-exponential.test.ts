import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, log } from '../../../proto/numeric/index.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { compileWasmKernel, instantiate } from '../../../worker/kernel/wasm/module.js';

const ROOM = 50_000;
const memory = new NodeMemory();
const values = memory.allocate(ROOM * 8);
const wasm = instantiate(compileWasmKernel(), memory.memory);

const NEAR_ZERO = [0, -0, 5e-324, 2 ** -1022, 2 ** -1022 - 5e-324];
const NOT_FINITE = [NaN, Infinity, -Infinity];
/** Where exp overflows, turns subnormal, and vanishes. */
const LIMITS_OF_EXP = [709.782712893384, 709.7827128933841, -708.4, -745.1332191019411, -745.1332191019412, -745.14];
const SPECIAL = [...NEAR_ZERO, ...NOT_FINITE, ...LIMITS_OF_EXP, Number.MAX_VALUE, 1, -1, 2, 0.5, Math.SQRT1_2, 3];

/** Every size and sign of float64: random bits. */
const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
});
const softmaxSized = fc.double({ min: -750, max: 711, noNaN: true });

describe("the WASM kernel's exp and log give the bits of proto/numeric", () => {
  it.each([
    { name: 'exp', inPlace: 'exponentials', specification: exp },
    { name: 'log', inPlace: 'logarithms', specification: log },
  ] as const)('$name', ({ inPlace, specification }) => {
    const check = (numbers: readonly number[]) => {
      const room = new Float64Array(memory.memory.buffer, values.offset, numbers.length);
      room.set(numbers);
      wasm[inPlace](values.offset, numbers.length);
      const wrong = numbers.filter((x, i) => !Object.is(room[i], specification(x)));
      expect(wrong).toEqual([]);
    };
    check(SPECIAL);
    fc.assert(fc.property(fc.array(fc.oneof(anyDouble, softmaxSized), { minLength: 100, maxLength: 100 }), check));
    check(Array.from({ length: ROOM }, (_, i) => (i - 40_000) * 0.017_31));
  });
});
