import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, log } from '../../../proto/numeric/index.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { compileWasmKernel, instantiate } from '../../../worker/kernel/wasm/module.js';

const wasm = instantiate(compileWasmKernel(), new NodeMemory().memory);

const NEAR_ZERO = [0, -0, 5e-324, 2 ** -1022, 2 ** -1022 - 5e-324];
const NOT_FINITE = [NaN, Infinity, -Infinity];
/** Where exp overflows, turns subnormal, and vanishes. */
const LIMITS_OF_EXP = [709.782712893384, 709.7827128933841, -708.4, -745.1332191019411, -745.1332191019412, -745.14];
const SPECIAL = [...NEAR_ZERO, ...NOT_FINITE, ...LIMITS_OF_EXP, Number.MAX_VALUE, 1, -1, 2, 0.5, Math.SQRT1_2];

/** Every size and sign of float64: random bits. */
const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
});
const softmaxSized = fc.double({ min: -750, max: 711, noNaN: true });

describe("the WASM kernel's exp and log give the bits of proto/numeric", () => {
  it.each([
    { name: 'exp', own: (x: number) => wasm.exp(x), specification: exp },
    { name: 'log', own: (x: number) => wasm.log(x), specification: log },
  ])('$name', ({ own, specification }) => {
    for (const x of SPECIAL) expect(own(x)).toBe(specification(x));
    fc.assert(
      fc.property(fc.oneof(anyDouble, softmaxSized), (x) => {
        expect(own(x)).toBe(specification(x));
      }),
      { numRuns: 5000 },
    );
    for (let i = 0; i < 50_000; i++) {
      const x = (i - 40_000) * 0.017_31;
      expect(Object.is(own(x), specification(x))).toBe(true);
    }
  });
});
