import { describe, expect, it } from 'vitest';
import { NUMERICS_VERSION } from '../../../proto/versions.js';
import type { BlockedFunctions } from '../../../worker/kernel/blocked/functions.js';
import type { Precision } from '../../../worker/kernel/kernel.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';
import { referenceKernel } from '../../../worker/kernel/reference/index.js';
import { SELF_TEST_DIGESTS, selfTestDigest, selfTestFault } from '../../../worker/kernel/self-test.js';
import { blockedFunctions } from '../../../worker/kernel/wasm/exports.js';
import { compileWasmKernel, instantiate } from '../../../worker/kernel/wasm/module.js';
import { BACKENDS } from '../../support/backends.js';
import {
  afterwards,
  EDGES,
  ELEMENTS,
  elements,
  faultyKernel,
  flushed,
  FLOAT32_SUMS,
  inMultiply,
  inUpdate,
  SUMS,
  type Fault,
} from '../../support/faulty-kernel.js';

const WASM = compileWasmKernel();
const PRECISIONS = ['float32', 'float64'] as const;
/** Mistakes that are found in a single element. */
const SURE = ['fused multiply-adds', 'descending order', 'subnormal numbers flushed'];
const bytesOf = { float32: 4, float64: 8 };
const OTHER_BITS = 'it gives other bits than the reference';

describe('the self-test', () => {
  it('has the digest that the reference computes, for this numerics version', () => {
    const memory = new NodeMemory();
    const reference = referenceKernel(memory.memory);
    for (const part of ['plain', 'further'] as const) {
      expect(selfTestDigest(part, reference, memory)).toBe(SELF_TEST_DIGESTS[part]);
    }
    expect(NUMERICS_VERSION).toBe('1');
  });

  it.each(BACKENDS)('is passed by $label', ({ open }) => {
    expect(selfTestFault(open)).toBeUndefined();
  });

  it('tells what stops it', () => {
    expect(
      selfTestFault(() => {
        throw new RangeError('out of bounds');
      }),
    ).toBe('it stops with RangeError: out of bounds');
  });
});

function functionsOf(memory: WebAssembly.Memory): (precision: Precision, scratch: number) => BlockedFunctions {
  const exports = instantiate(WASM, memory);
  return (precision, scratch) => blockedFunctions(exports, precision === 'float32' ? '32' : '64', scratch);
}

function faultOf(precision: Precision, fault: Fault): string | undefined {
  return selfTestFault((memory) => faultyKernel(functionsOf(memory), memory, precision, fault));
}

describe.each(PRECISIONS)('the self-test, of a mistake in %s,', (precision) => {
  it('finds none where there is none', () => {
    expect(faultOf(precision, () => ({}))).toBeUndefined();
    // Sums that are computed again as they should be: what is planted below is the mistake, and nothing else.
    const right: (typeof SUMS)[string] = (start, terms, { round }) =>
      terms.reduce((sum, [x, y]) => round(sum + round(x * y)), start);
    for (const place of Object.values({ ...ELEMENTS, ...EDGES })) {
      expect(faultOf(precision, inMultiply(right, place))).toBeUndefined();
      expect(faultOf(precision, inUpdate(right, place))).toBeUndefined();
    }
  });

  const sums = { ...SUMS, ...(precision === 'float32' ? FLOAT32_SUMS : {}) };
  describe.each(Object.entries(sums))('finds %s', (name, sum) => {
    // The last digit of a single number may be lost in the roundings that follow; those of a whole vector are not.
    const places = SURE.includes(name) ? { ...ELEMENTS, ...EDGES } : EDGES;
    it.each(Object.entries(places))('in %s of a product', (_, place) => {
      expect(faultOf(precision, inMultiply(sum, place))).toBe(OTHER_BITS);
    });
    it.each(Object.entries(places))('in %s of a step', (_, place) => {
      expect(faultOf(precision, inUpdate(sum, place))).toBe(OTHER_BITS);
    });
  });

  const digit = (value: number) => value * (1 + (precision === 'float32' ? 2 ** -22 : 2 ** -51));
  const mistakes: Record<string, Fault> = {
    'the last digit of a gathered number': afterwards(
      'gather',
      (bytes, _i, _n, _r, rows, _f, count, _m, _v, _p, _pp, transposed, row) => [
        transposed + (count - 1) * row + (rows - 1) * bytes,
      ],
      digit,
    ),
    'the last digit of a number in panels': afterwards(
      'gather',
      (bytes, _i, _n, _r, rows, first, _c, _m, _v, panels, panel) =>
        panels === 0 ? [] : [panels + Math.floor((first * bytes) / 64) * panel + (rows - 1) * 64],
      digit,
    ),
    'the last digit of a bias that is added': afterwards(
      'addBias',
      (bytes, z, zRow, units, rows) => elements(z, zRow, units, rows, bytes).slice(-1),
      digit,
    ),
    'an activation that loses NaN': afterwards(
      'activate',
      (bytes, z, zRow, units, rows) => elements(z, zRow, units, rows, bytes),
      (value) => (Number.isNaN(value) ? 0 : value),
    ),
    'activations that are copied without their subnormal numbers': afterwards(
      'toPanels',
      (bytes, _z, _zRow, units, rows, panels, panel) =>
        Array.from({ length: units }, (_, unit) =>
          elements(panels + Math.floor((unit * bytes) / 64) * panel + ((unit * bytes) % 64), 64, rows, 1, bytes),
        ).flat(),
      (value) => flushed(value, bytesOf[precision]),
    ),
    'gradients that pass an activation of zero': (right, { get, set, bytes }) => ({
      maskInactive: (g, gRow, units, rows, activations, activationsRow) => {
        const addresses = elements(g, gRow, units, rows, bytes);
        const before = addresses.map(get);
        const zero = elements(activations, activationsRow, units, rows, bytes).map((address) => get(address) === 0);
        right.maskInactive(g, gRow, units, rows, activations, activationsRow);
        addresses.forEach((address, i) => zero[i] && set(address, before[i]!));
      },
    }),
    "the last digit of a record's gradient": afterwards(
      'softmaxGradient',
      (bytes, scores, row, classes, rows) => elements(scores, row, classes, rows, bytes).slice(-1),
      digit,
    ),
    'gradients without the smallest': afterwards(
      'softmaxGradient',
      (bytes, scores, row, classes, rows) => elements(scores, row, classes, rows, bytes),
      (value) => flushed(value, bytesOf[precision]),
    ),
    'a bias whose gradient is summed in descending order': (right, { get, set, round, bytes }) => ({
      updateBias: (g, gRow, units, rows, bias, eta) => {
        const [last] = [bias + (units - 1) * bytes];
        const before = get(last);
        right.updateBias(g, gRow, units, rows, bias, eta);
        const sum = elements(g + (units - 1) * gRow, gRow, 1, rows, bytes).reduceRight(
          (partial, address) => round(partial + get(address)),
          0,
        );
        set(last, round(before - round(round(eta) * sum)));
      },
    }),
    'the last digit of a unit that is kept': afterwards(
      'multiplyElements',
      (bytes, z, zRow, units, rows) => elements(z, zRow, units, rows, bytes).slice(-1),
      digit,
    ),
    'dropout that forgets the last rows': (right, { get, set, bytes }) => ({
      multiplyElements: (z, zRow, units, rows, factors, factorsRow) => {
        const last = elements(z + (rows - 1) * bytes, zRow, units, 1, bytes);
        const before = last.map(get);
        right.multiplyElements(z, zRow, units, rows, factors, factorsRow);
        last.forEach((address, j) => set(address, before[j]!));
      },
    }),
    'a NaN that dropout turns into 0': (right, { get, set, bytes }) => ({
      multiplyElements: (z, zRow, units, rows, factors, factorsRow) => {
        const dropped = elements(factors, factorsRow, units, rows, bytes).map((address) => get(address) === 0);
        right.multiplyElements(z, zRow, units, rows, factors, factorsRow);
        elements(z, zRow, units, rows, bytes).forEach((address, i) => dropped[i] && set(address, 0));
      },
    }),
    'the last digit of a velocity': afterwards(
      'momentumStep',
      (bytes, m, n, v, vRow) => elements(v, vRow, m, n, bytes).slice(-1),
      digit,
    ),
    'the last digit of a weight that moved along its velocity': afterwards(
      'momentumStep',
      (bytes, m, n, _v, _vRow, w, wRow) => elements(w, wRow, m, n, bytes).slice(-1),
      digit,
    ),
    'a penalty of the weight after its step': (right, { get, set, round, bytes }) => ({
      momentumStep: (m, n, v, vRow, w, wRow, decay, eta) => {
        right.momentumStep(m, n, v, vRow, w, wRow, 0, eta);
        const velocities = elements(v, vRow, m, n, bytes);
        elements(w, wRow, m, n, bytes).forEach((address, i) => {
          const at = velocities[i]!;
          set(at, round(get(at) + round(round(decay) * get(address))));
        });
      },
    }),
    'weights that step along the velocity before': (right, { get, set, round, bytes }) => ({
      momentumStep: (m, n, v, vRow, w, wRow, decay, eta) => {
        const velocities = elements(v, vRow, m, n, bytes).map(get);
        const weights = elements(w, wRow, m, n, bytes).map(get);
        right.momentumStep(m, n, v, vRow, w, wRow, decay, eta);
        elements(w, wRow, m, n, bytes).forEach((address, i) => {
          set(address, round(weights[i]! - round(round(eta) * velocities[i]!)));
        });
      },
    }),
    'velocities without the smallest': afterwards(
      'momentumStep',
      (bytes, m, n, v, vRow) => elements(v, vRow, m, n, bytes),
      (value) => flushed(value, bytesOf[precision]),
    ),
    "the last digit of a bias's velocity": afterwards(
      'momentumBias',
      (bytes, _g, _gRow, units, _rows, velocity) => [velocity + (units - 1) * bytes],
      digit,
    ),
    'a bias that moves along its gradient alone': (right, { bytes, set }) => ({
      momentumBias: (g, gRow, units, rows, velocity, bias, momentum, eta) => {
        set(velocity + (units - 1) * bytes, 0);
        right.momentumBias(g, gRow, units, rows, velocity, bias, momentum, eta);
      },
    }),
    "a bias's velocity whose gradient is summed in descending order": (right, { get, set, round, bytes }) => ({
      momentumBias: (g, gRow, units, rows, velocity, bias, momentum, eta) => {
        const [v, b] = [velocity, bias].map((vector) => vector + (units - 1) * bytes) as [number, number];
        const [velocityBefore, biasBefore] = [get(v), get(b)];
        right.momentumBias(g, gRow, units, rows, velocity, bias, momentum, eta);
        const sum = elements(g + (units - 1) * gRow, gRow, 1, rows, bytes).reduceRight(
          (partial, address) => round(partial + get(address)),
          0,
        );
        set(v, round(round(round(momentum) * velocityBefore) + sum));
        set(b, round(biasBefore - round(round(eta) * get(v))));
      },
    }),
    'the last of the largest scores for the first': (right, { get, view, bytes }) => ({
      addToEvaluation: (scores, row, classes, rows, labels, rowNumbers, result) => {
        let wrong = view().getUint32(result + 8, true);
        right.addToEvaluation(scores, row, classes, rows, labels, rowNumbers, result);
        for (let i = 0; i < rows; i++) {
          const each = Array.from({ length: classes }, (_, j) => get(scores + j * row + i * bytes));
          const label = view().getUint8(labels + view().getUint32(rowNumbers + 4 * i, true));
          const last = each.reduce((largest, score, j) => (score >= each[largest]! ? j : largest), 0);
          if (last === label) wrong++;
        }
        view().setUint32(result + 8, wrong, true);
      },
    }),
    'squares in the order of the memory': (_, { get, bytes }) => ({
      addSquares: (w, wRow, inputs, outputs, sum) => {
        return elements(w, wRow, outputs, inputs, bytes).reduce((partial, address) => partial + get(address) ** 2, sum);
      },
    }),
  };
  if (precision === 'float32') {
    mistakes['a fused multiply-add of the penalty'] = (right, { get, set, round, bytes }) => ({
      momentumStep: (m, n, v, vRow, w, wRow, decay, eta) => {
        const velocities = elements(v, vRow, m, n, bytes);
        const weights = elements(w, wRow, m, n, bytes);
        const before = velocities.map(get);
        const weightsBefore = weights.map(get);
        right.momentumStep(m, n, v, vRow, w, wRow, decay, eta);
        velocities.forEach((address, i) => {
          set(address, round(before[i]! + round(decay) * weightsBefore[i]!));
          set(weights[i]!, round(weightsBefore[i]! - round(round(eta) * get(address))));
        });
      },
    });
    mistakes['an input that is rounded once'] = (right, { get, set, round, bytes }) => ({
      gather: (images, inputs, rowNumbers, rows, first, count, mean, inverse, panels, panel, transposed, row) => {
        right.gather(images, inputs, rowNumbers, rows, first, count, mean, inverse, panels, panel, transposed, row);
        const [m, v] = [get(mean + first * bytes), get(inverse + first * bytes)];
        for (const address of elements(transposed, row, 1, rows, bytes)) {
          const byte = Math.round(get(address) / v + m);
          set(address, round((byte - m) * v));
        }
      },
    });
  }
  it.each(Object.entries(mistakes))('finds %s', (_, fault) => {
    expect(faultOf(precision, fault)).toBe(OTHER_BITS);
  });
});
