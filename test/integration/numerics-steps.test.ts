import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRound } from '../../coordinator/search/open-round.js';
import { parseSearchFile } from '../../coordinator/spec/search-file.js';
import { doubleBits } from '../../proto/canonical.js';
import { catalogued } from '../../proto/datasets.js';
import { cos, exp, log } from '../../proto/numeric/index.js';
import { packageFile } from '../../proto/package-root.js';
import { generator, parameterDraw } from '../../proto/seed.js';
import { twoLayerSchema, type TwoLayerConfig } from '../../proto/trainers/two-layer.js';
import { planTraining } from '../../proto/training/plan.js';
import type { LoadedDataset } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import type { Kernel, NetworkShape } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { dense, denseInputGradient, relu } from '../../worker/kernel/reference/dense.js';
import { softmaxGradient } from '../../worker/kernel/reference/softmax.js';
import { recordStatistics } from '../../worker/kernel/statistics.js';
import { batchOrder } from '../../worker/train/batch-order.js';
import { initialParameters } from '../../worker/train/initialisation.js';
import { networkTensors, weightsDigest } from '../../worker/train/weights.js';
import type { TrialEnd } from '../../worker/trainers/trainer.js';
import { twoLayerTrainer } from '../../worker/trainers/two-layer.js';
import { workspaceBytes } from '../../worker/trainers/workspace.js';
import { BACKENDS } from '../support/backends.js';
import { PYTHON } from '../support/python.js';
import { tempFolder } from '../support/temp-folder.js';

/*
 * docs/numerics-steps.md shows the quickstart's first trial step by step, for whoever checks an implementation of their own. The
 * product computes what the page says, and so does the NumPy trainer, which knows docs/numerics.md alone.
 */

const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;
const folder = tempFolder();

/** Name, value, and for some numbers the value as people read it. */
type Step = [name: string, value: string, decimal?: string];

const float64 = (value: number): [string, string] => [doubleBits(value), String(value)];
function float32(value: number): [string, string] {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return [bytes.toString('hex'), String(Math.fround(value))];
}
function sha(values: Float32Array | Uint32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}

/** Of every branch; the cosines near odd multiples of pi / 2 take the angle's further parts. */
const FUNCTIONS = {
  exp: { of: exp, at: ['1', '-1', '-0.3', '-20.5', '-87.25', '-745'] },
  log: { of: log, at: ['0.3', '0.7071', '1.0001', '10', '1e-310'] },
  cos: { of: cos, at: ['0.5', '1', '2.5', '4', '6', '1.5707963267948966', '4.71238898038469'] },
};

/** The quickstart's first trial, as it is leased. */
function firstTrial(): { searchSeed: number; seed: number; config: TwoLayerConfig; lambda: number } {
  const fileName = 'configs/quickstart.yaml';
  const { spec } = parseSearchFile(readFileSync(packageFile(fileName), 'utf8'), { fileName, datasets: [] });
  const opened = openRound(spec, []);
  const [trial] = 'impossible' in opened ? [] : opened.trials;
  const config = twoLayerSchema.parse(trial!.config);
  return { searchSeed: spec.seed, seed: trial!.seed, config, lambda: Number(trial!.parameters['lambda']) };
}

function productSteps(memory: NodeMemory, dataset: LoadedDataset, kernel: Kernel): Step[] {
  const steps: Step[] = [];
  const add = (name: string, ...value: [string, string?]) => void steps.push([name, ...value]);
  const { searchSeed, seed, config, lambda } = firstTrial();
  const { buffer } = memory.memory;
  const shape: NetworkShape = {
    layers: [dataset.info.inputs, 50, dataset.info.classes],
    batchSize: config.batch_size,
    precision: 'float32',
    gradients: true,
  };
  const [inputs, hidden, classes] = shape.layers as [number, number, number];
  const rows = shape.batchSize;

  for (const [name, { of, at }] of Object.entries(FUNCTIONS)) {
    for (const x of at) add(`${name}(${x})`, ...float64(of(Number(x))));
  }
  add('training seed', String(seed));
  add('u of lambda', ...float64(parameterDraw(searchSeed, 0, 0, 'lambda', 0)));
  add('lambda', ...float64(lambda));

  const draws = generator(seed, 'init');
  const first = [draws.double(), draws.double(), draws.double()] as const;
  for (const [number, draw] of first.entries()) add(`draw ${number} of init`, ...float64(draw));
  add('radius of W1[0,0]', ...float64(Math.sqrt(-2 * log(1 - first[0]))));
  add('cos for W1[0,0]', ...float64(cos(6.283185307179586 * first[1])));
  const parameters = initialParameters(seed, shape.layers, 'float32');
  const [one, two] = parameters as [(typeof parameters)[0], (typeof parameters)[0]];
  for (const [k, j] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [inputs - 1, hidden - 1],
  ] as const) {
    add(`W1[${k},${j}]`, ...float32(one.weights[k * hidden + j]!));
  }
  add('W2[0,0]', ...float32(two.weights[0]!));
  add('weights at first', weightsDigest(networkTensors(parameters)));

  const { mean, deviation } = recordStatistics(memory.memory, dataset.train, config.dataset.train);
  const m = Float32Array.from(mean);
  const v = Float32Array.from(deviation, (each) => 1 / each);
  add('m of input 300', ...float32(m[300]!));
  add('v of input 300', ...float32(v[300]!));
  add('m of all inputs', sha(m));
  add('v of all inputs', sha(v));
  const x = (record: number): Float32Array => {
    const bytes = new Uint8Array(buffer, dataset.train.images.offset + record * inputs, inputs);
    return Float32Array.from(bytes, (byte, k) => Math.fround(byte - m[k]!) * v[k]!);
  };
  add('x of record 0, input 300', ...float32(x(0)[300]!));
  add('x of record 0', sha(x(0)));

  const order = batchOrder(seed, 1, config.dataset.train);
  add('order of epoch 1, places 0 to 9', order.subarray(0, 10).join(' '));
  add('order of epoch 1', sha(order));

  const { learningRate, stepsPerEpoch } = planTraining(config);
  for (const t of [0, 1, 60, 119, 120, 121, 239]) add(`eta of step ${t}`, ...float64(learningRate(t)));
  add('c of step 1', ...float32(1 - 2 * learningRate(1) * lambda));

  const batch = new Float32Array(rows * inputs);
  for (let i = 0; i < rows; i++) batch.set(x(order[i]!), i * inputs);
  const labels = Uint8Array.from(
    order.subarray(0, rows),
    (row) => new Uint8Array(buffer)[dataset.train.labels.offset + row]!,
  );
  const h = new Float32Array(rows * hidden);
  dense({ rows, inputs, outputs: hidden }, batch, one.weights, one.bias, h, Math.fround);
  relu(h, h.length);
  const scores = new Float32Array(rows * classes);
  dense({ rows, inputs: hidden, outputs: classes }, h, two.weights, two.bias, scores, Math.fround);
  add('h of mini-batch 0', sha(h));
  add('scores of mini-batch 0', sha(scores));
  add('largest score of row 0', ...float32(Math.max(...scores.subarray(0, classes))));
  const ofScores = new Float32Array(rows * classes);
  softmaxGradient(rows, classes, scores, labels, ofScores, Math.fround);
  add('g of the scores', sha(ofScores));
  const ofHidden = new Float32Array(rows * hidden);
  denseInputGradient(
    { rows, inputs: hidden, outputs: classes },
    ofScores,
    two.weights,
    h,
    undefined,
    ofHidden,
    Math.fround,
  );
  add('g of the hidden layer', sha(ofHidden));

  const group = kernel.open([shape], memory.allocate(kernel.workspaceBytes([shape])));
  const [network] = group.networks;
  group.setNormalisation(mean, deviation);
  network!.setParameters(parameters);
  for (const [index, { weights, bias }] of group.gradients(dataset.train, order, 0, 0).entries()) {
    add(`dW${index + 1} of mini-batch 0`, sha(weights as Float32Array));
    add(`db${index + 1} of mini-batch 0`, sha(bias as Float32Array));
  }
  for (let t = 0; t < stepsPerEpoch; t++) {
    group.trainStep(dataset.train, order, t * rows, [{ network: 0, eta: learningRate(t), lambda }]);
    if (![1, 2, 10, stepsPerEpoch].includes(t + 1)) continue;
    add(`weights after ${t + 1} step${t > 0 ? 's' : ''}`, weightsDigest(networkTensors(network!.parameters())));
  }
  add('squares after epoch 1', ...float64(network!.sumSquaredWeights()));

  const end = wholeTrial(memory, dataset, kernel, config, seed);
  if (end.outcome !== 'completed') throw new Error(`the trial ended as ${end.outcome}`);
  for (const name of ['val_loss', 'val_cost', 'val_accuracy']) {
    add(`${name} of epoch 1`, ...float64(end.epochs[0]!.metrics[name]!));
  }
  for (const name of ['train_loss', 'train_cost', 'train_accuracy', 'val_loss', 'val_cost', 'val_accuracy']) {
    add(`${name} of epoch ${end.epochs.length}`, ...float64(end.metrics[name]!));
  }
  add('weights at last', end.weightsSha256);
  return steps;
}

function wholeTrial(
  memory: NodeMemory,
  dataset: LoadedDataset,
  kernel: Kernel,
  config: TwoLayerConfig,
  seed: number,
): TrialEnd {
  const needs = twoLayerTrainer.needs(config, dataset.info);
  let ended: TrialEnd | undefined;
  twoLayerTrainer.run({
    trials: [
      {
        config,
        seed,
        specSha256: '0'.repeat(64),
        weights: { keep: 'never' },
        cancelled: () => false,
        onEpoch: () => {},
        onEnd: (end) => (ended = end),
      },
    ],
    dataset,
    normalisation: recordStatistics(memory.memory, dataset.train, needs.trainRecords),
    kernel,
    memory: memory.memory,
    workspace: memory.allocate(workspaceBytes(kernel, [needs])),
  });
  return ended!;
}

/** The page's lines, indented by four, columns two spaces or more apart. */
function pageSteps(): Step[] {
  const page = readFileSync(packageFile('docs/numerics-steps.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('    ') && !line.startsWith('     '));
  return lines.map((line) => line.trim().split(/ {2,}/) as Step);
}

/** As the page has it, so that a failing test shows the lines that it should have. */
function asLines(steps: readonly Step[]): string {
  return steps
    .map(([name, value, decimal = '']) => `    ${name.padEnd(32)}  ${value}  ${decimal}`.trimEnd())
    .join('\n');
}

describe('docs/numerics-steps.md', () => {
  const memory = new NodeMemory();
  let dataset: LoadedDataset;
  beforeAll(async () => {
    dataset = await loadDataset('fashion-mnist-mini', catalogued('fashion-mnist-mini')!.sha256, memory, folder);
  });

  // The reference, by whose functions h, the scores and g are computed here, would take ten times as long for the rest.
  it.each(BACKENDS.filter(({ name }) => name !== 'reference'))(
    'shows what the product computes: $label',
    ({ open }) => {
      expect(asLines(pageSteps())).toBe(asLines(productSteps(memory, dataset, open(memory.memory))));
    },
  );

  it.skipIf(!hasNumpy)('shows what the NumPy trainer computes (skipped without NumPy)', { timeout: 180_000 }, () => {
    for (const part of ['train', 'test'] as const) {
      const { images, labels, records, inputs } = dataset[part];
      writeFileSync(
        join(folder, `${part}-images.bin`),
        new Uint8Array(memory.memory.buffer, images.offset, records * inputs),
      );
      writeFileSync(join(folder, `${part}-labels.bin`), new Uint8Array(memory.memory.buffer, labels.offset, records));
    }
    const {
      searchSeed: seed,
      config: { lambda: _lambda, ...config },
    } = firstTrial();
    const { inputs, classes } = dataset.info;
    const input = JSON.stringify({ inputs, classes, seed, config: { ...config, hidden: [50] } });
    const run = spawnSync(PYTHON, [packageFile('test/numpy/steps.py'), folder], { input, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const expected = pageSteps().map(([name, value]): Step => [name, value]);
    expect(asLines(JSON.parse(run.stdout) as Step[])).toBe(asLines(expected));
  });
});

describe('test/numpy/trainer.py', () => {
  const source = readFileSync(packageFile('test/numpy/trainer.py'), 'utf8');

  it('stays below 400 lines', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThan(400);
  });

  it('shares nothing: it imports NumPy and the standard library, starts nothing and reads its data alone', () => {
    const imported = [...source.matchAll(/^\s*(?:import|from)\s+(\w+)/gm)].map(([, name]) => name);
    expect(new Set(imported)).toEqual(new Set(['hashlib', 'json', 'math', 'numpy', 'os', 'struct', 'sys']));
    expect(source.match(/\bos\.(?!path\.join\b)\w+|\b(?:open|exec|eval|__import__)\(/g)).toBeNull();
    expect(source.match(/np\.(?:fromfile|load)\w*\(/g)).toHaveLength(1);
  });
});
