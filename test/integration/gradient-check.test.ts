import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubleBits, sha256Hex } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import type { Kernel, LayerParameters, NetworkGroup } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { referenceKernel } from '../../worker/kernel/reference/index.js';
import { blockedFunctions } from '../../worker/kernel/wasm/exports.js';
import { compileWasmKernel, instantiate } from '../../worker/kernel/wasm/module.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import type { TrialFinished } from '../../worker/trainers/trainer.js';
import { BACKENDS } from '../support/backends.js';
import { afterwards, elements, faultyKernel, type Fault } from '../support/faulty-kernel.js';
import { checkConfig, runCheck } from '../support/gradient-check.js';
import { PYTHON } from '../support/python.js';

/* Checks of real records, by every kernel, right ones and wrong ones. */

const memory = new NodeMemory();
const folder = mkdtempSync(join(tmpdir(), 'vernier-gradient-check-'));
let dataset: LoadedDataset;
beforeAll(async () => {
  dataset = await loadDataset('fashion-mnist-mini', catalogued('fashion-mnist-mini')!.sha256, memory, folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A check's results to the last bit. */
function bitsOf({ outcome, metrics, weightsSha256, weights }: TrialFinished): object {
  const digits = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
  return { outcome, weightsSha256, file: sha256Hex(weights!), digits };
}

const CHECKS: Record<string, object> = {
  'every parameter': {},
  'a penalty, random samples': { lambda: 0.02, samples: { count: 9, choice: 'random' } },
  'two hidden layers, He, another step': { hidden: [12, 9], init: 'he', step: 1e-4, entries: 60 },
  'dropout, some entries': { hidden: [12, 9], dropout: 0.3, entries: 60, lambda: 0.001 },
};

describe('a gradient check', () => {
  it.each(Object.entries(CHECKS))('has the same bits from every kernel: %s', (_, changes) => {
    const config = checkConfig(changes);
    const expected = runCheck(referenceKernel, memory, dataset, config);
    expect(expected.outcome).toBe('completed');
    for (const { open, label } of BACKENDS) {
      expect(bitsOf(runCheck(open, memory, dataset, config)), label).toEqual(bitsOf(expected));
    }
  });

  it.each(Object.entries(CHECKS))('finds right gradients right: %s', (_, changes) => {
    const { metrics } = runCheck(BACKENDS.at(-1)!.open, memory, dataset, checkConfig(changes));
    expect(metrics['central_max_relative_error']).toBeLessThan(HONEST);
    expect(metrics['central_max_absolute_difference']).toBeLessThan(1e-8);
  });

  it('is another with another seed, and with every other setting', () => {
    const config = checkConfig({ entries: 20 });
    const digest = (changes: object, seed?: number) =>
      runCheck(BACKENDS.at(-1)!.open, memory, dataset, { ...config, ...changes }, seed).weightsSha256;
    const digests = [
      digest({}),
      digest({}, 43),
      digest({ lambda: 0.1 }),
      digest({ step: 1e-6 }),
      digest({ entries: 21 }),
      digest({ hidden: 5 }),
      digest({ init: 'he' }),
      digest({ dropout: 0.5 }),
      digest({ samples: { count: 8, choice: 'first' } }),
      digest({ samples: { count: 6, choice: 'random' } }),
      digest({ dataset: { ...config.dataset, train: 501 } }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('whose cost is no number has diverged', () => {
    const check = runCheck(BACKENDS.at(-1)!.open, memory, dataset, checkConfig({ lambda: 1e308, entries: 3 }));
    expect(check.outcome).toBe('diverged');
  });
});

const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;
const NUMPY_CHECK = fileURLToPath(new URL('../numpy/gradient_check.py', import.meta.url));

describe.skipIf(!hasNumpy)(
  `NumPy (${hasNumpy ? PYTHON : `skipped: ${PYTHON} has no NumPy, see VERNIER_TEST_PYTHON`})`,
  () => {
    beforeAll(() => {
      const { images, labels, records, inputs } = dataset.train;
      const { buffer } = memory.memory;
      writeFileSync(join(folder, 'train-images.bin'), new Uint8Array(buffer, images.offset, records * inputs));
      writeFileSync(join(folder, 'train-labels.bin'), new Uint8Array(buffer, labels.offset, records));
    });

    it.each([
      ['a few entries', { entries: 6 }],
      ['a penalty, random samples', { entries: 4, lambda: 0.02, samples: { count: 9, choice: 'random' } }],
      ['two hidden layers, He, another step', { hidden: [12, 9], init: 'he', step: 1e-4, entries: 4 }],
      ['dropout, Xavier', { hidden: [12, 9], init: 'xavier', dropout: 0.3, entries: 4, lambda: 0.001 }],
    ])('computes the same bits from docs/numerics.md: %s', (_, changes) => {
      const config = checkConfig({ hidden: [4], ...changes });
      const { inputs, classes } = dataset.info;
      const input = JSON.stringify({ inputs, classes, seed: 42, config });
      const run = spawnSync(PYTHON, [NUMPY_CHECK, folder], { input, encoding: 'utf8' });
      expect(run.status, run.stderr).toBe(0);
      const { metrics, weightsSha256 } = runCheck(BACKENDS.at(-1)!.open, memory, dataset, config);
      const digits = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, doubleBits(value)]));
      expect(JSON.parse(run.stdout)).toEqual({ weightsSha256, metrics: digits });
    });
  },
);

/** What right gradients stay below, with any of these settings, and what wrong ones exceed. */
const HONEST = 1e-3;
const WRONG = 1e-2;
const WASM = compileWasmKernel();
const BYTES = 8;

/** The WASM kernel with the mistake in float64, which checks compute in. */
function withFault(fault: Fault): (memory: WebAssembly.Memory) => Kernel {
  return (shared) => {
    const exports = instantiate(WASM, shared);
    return faultyKernel(
      (precision, scratch) => blockedFunctions(exports, precision === 'float32' ? '32' : '64', scratch),
      shared,
      'float64',
      fault,
    );
  };
}

/** The kernel whose gradients somebody has changed. */
function withGradients(
  change: (layers: LayerParameters[], group: NetworkGroup) => void,
): (memory: WebAssembly.Memory) => Kernel {
  return (shared) => {
    const right = referenceKernel(shared);
    const open: Kernel['open'] = (shapes, workspace) => {
      const group = right.open(shapes, workspace);
      const gradients: NetworkGroup['gradients'] = (...args) => {
        const layers = group.gradients(...args);
        change(layers, group);
        return layers;
      };
      return new Proxy(group, {
        get(target, name) {
          const value: unknown = name === 'gradients' ? gradients : Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    };
    return { ...right, open };
  };
}

/** A product with transposed weights: only the one by a layer's inputs walks the rows of its first factor so. */
const transposed: Fault = (right) => ({
  multiply: (m, n, depth, a, aRow, aStep, ...others) => {
    if (aRow === BYTES && m === depth) right.multiply(m, n, depth, a, aStep, aRow, ...others);
    else right.multiply(m, n, depth, a, aRow, aStep, ...others);
  },
});

const LAMBDA = 0.02;
const FAULTS: Record<string, (memory: WebAssembly.Memory) => Kernel> = {
  'a wrong sign in all of the gradient': withFault(
    afterwards(
      'softmaxGradient',
      (bytes, scores, row, classes, rows) => elements(scores, row, classes, rows, bytes),
      (value) => -value,
    ),
  ),
  'a wrong sign in one class of one record': withFault(
    afterwards(
      'softmaxGradient',
      (_, scores) => [scores],
      (value) => -value,
    ),
  ),
  'a wrong sign in one weight of the last layer': withGradients(([, , last]) => {
    const at = last!.weights.findIndex((value) => Math.abs(value) > 1e-2);
    last!.weights[at] = -last!.weights[at]!;
  }),
  'a wrong sign in one bias': withGradients(([first]) => {
    const at = first!.bias.findIndex((value) => Math.abs(value) > 1e-3);
    first!.bias[at] = -first!.bias[at]!;
  }),
  'weights transposed on the way back': withFault(transposed),
  'a sum of records, not their mean': withFault(
    afterwards(
      'softmaxGradient',
      (bytes, scores, row, classes, rows) => elements(scores, row, classes, rows, bytes),
      (value) => value * 6,
    ),
  ),
  'no ReLU on the way back': withFault(() => ({ maskInactive: () => {} })),
  'a record left out of a bias': withFault((right) => ({
    updateBias: (g, row, units, rows, ...others) => right.updateBias(g, row, units, rows - 1, ...others),
  })),
  'no dropout on the way back': withFault((right) => {
    let backward = false;
    return {
      activate: (...args) => {
        backward = false;
        right.activate(...args);
      },
      softmaxGradient: (...args) => {
        backward = true;
        right.softmaxGradient(...args);
      },
      multiplyElements: (...args) => {
        if (!backward) right.multiplyElements(...args);
      },
    };
  }),
  'no lambda in the gradient': withGradients((layers, group) => {
    for (const [index, { weights }] of group.networks[0]!.parameters().entries()) {
      for (const [i, weight] of weights.entries()) layers[index]!.weights[i]! -= 2 * LAMBDA * weight;
    }
  }),
  'half of lambda in the gradient': withGradients((layers, group) => {
    for (const [index, { weights }] of group.networks[0]!.parameters().entries()) {
      for (const [i, weight] of weights.entries()) layers[index]!.weights[i]! -= LAMBDA * weight;
    }
  }),
};

describe('a wrong gradient is found', () => {
  // Square layers, or nothing could be transposed; so many units that no record has lost all of a layer, where the cost would bend.
  const config = checkConfig({ hidden: [12, 12], lambda: LAMBDA, dropout: 0.3, init: 'he', entries: 150 });

  it('where right ones, with the same settings, are orders of magnitude better', () => {
    const { metrics } = runCheck(
      withFault(() => ({})),
      memory,
      dataset,
      config,
    );
    expect(metrics['central_max_relative_error']).toBeLessThan(HONEST / 10);
    expect(metrics['central_max_absolute_difference']).toBeLessThan(1e-9);
  });

  it.each(Object.entries(FAULTS))('%s', (_, kernel) => {
    const { metrics } = runCheck(kernel, memory, dataset, config);
    expect(metrics['central_max_relative_error']).toBeGreaterThan(WRONG);
    expect(metrics['central_max_absolute_difference']).toBeGreaterThan(1e-5);
  });

  it('and which layers are wrong shows: behind a wrong product all are right', () => {
    const { metrics } = runCheck(withFault(transposed), memory, dataset, config);
    for (const tensor of ['W3', 'b3', 'W2', 'b2']) {
      expect(metrics[`central_${tensor}_max_relative_error`], tensor).toBeLessThan(HONEST);
    }
    for (const tensor of ['W1', 'b1']) {
      expect(metrics[`central_${tensor}_max_relative_error`], tensor).toBeGreaterThan(WRONG);
    }
  });

  it("a gradient of another network's parameters is none of this one's", () => {
    const other = initialParameters(43, [784, 12, 12, 10], 'float64', 'he');
    const kernel = withGradients((layers) => {
      layers[1]!.weights.set(other[1]!.weights);
    });
    expect(runCheck(kernel, memory, dataset, config).metrics['central_W2_max_relative_error']).toBeGreaterThan(0.1);
  });
});
