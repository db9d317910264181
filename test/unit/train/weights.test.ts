import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../worker/train/safetensors.js';
import { wantsWeights, type WeightsPolicy } from '../../../worker/train/weights-policy.js';
import { networkTensors, weightsDigest } from '../../../worker/train/weights.js';

const layers = () => [
  { weights: Float32Array.of(1, 2, 3, 4, 5, 6), bias: Float32Array.of(7, 8) },
  { weights: Float32Array.of(-1, 0.5), bias: Float32Array.of(0.25) },
];

describe('weights', () => {
  it('names the tensors and gives their logical shapes', () => {
    expect(networkTensors(layers()).map(({ name, shape }) => [name, shape])).toEqual([
      ['W1', [3, 2]],
      ['b1', [2]],
      ['W2', [2, 1]],
      ['b2', [1]],
    ]);
  });

  it('digests the values in order, little-endian', () => {
    const bytes = Buffer.alloc(11 * 4);
    [1, 2, 3, 4, 5, 6, 7, 8, -1, 0.5, 0.25].forEach((value, i) => bytes.writeFloatLE(value, i * 4));
    expect(weightsDigest(networkTensors(layers()))).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('gives every NaN one form, whatever its sign and payload', () => {
    const [first, second] = [0xffc00001, 0x7fc00000].map((bits) => {
      const nan = new Float32Array(Uint32Array.of(bits).buffer);
      return weightsDigest(networkTensors([{ weights: nan, bias: Float32Array.of(0) }]));
    });
    expect(first).toBe(second);
  });
});

describe('tensors of float64 and of whole numbers', () => {
  it('are digested by their own bytes, every NaN in one form', () => {
    const odd = new Float64Array(BigUint64Array.of(0xfff8000000000001n).buffer);
    const layers64 = [{ weights: odd, bias: Float64Array.of(0.1) }];
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(0x7ff8000000000000n, 0);
    bytes.writeDoubleLE(0.1, 8);
    expect(weightsDigest(networkTensors(layers64))).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('have their own types in files, single numbers no shape', () => {
    const file = Buffer.from(
      encodeSafetensors(
        [
          { name: 'labels', shape: [2], data: BigInt64Array.of(3n, -1n) },
          { name: 'cost', shape: [], data: Float64Array.of(0.1) },
          { name: 'W1', shape: [1, 1], data: Float32Array.of(0.5) },
        ],
        {},
      ),
    );
    const begin = 8 + Number(file.readBigUInt64LE(0));
    expect(JSON.parse(file.subarray(8, begin).toString('utf8'))).toEqual({
      __metadata__: {},
      labels: { dtype: 'I64', shape: [2], data_offsets: [0, 16] },
      cost: { dtype: 'F64', shape: [], data_offsets: [16, 24] },
      W1: { dtype: 'F32', shape: [1, 1], data_offsets: [24, 28] },
    });
    expect([file.readBigInt64LE(begin + 8), file.readDoubleLE(begin + 16), file.readFloatLE(begin + 24)]).toEqual([
      -1n,
      0.1,
      0.5,
    ]);
  });
});

describe('encodeSafetensors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vernier-safetensors-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const encoded = () => encodeSafetensors(networkTensors(layers()), { dataset: 'd', note: 'größer' });

  it('writes header length, header and values where the format wants them', () => {
    const file = Buffer.from(encoded());
    const headerBytes = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString('utf8')) as Record<string, unknown>;
    expect(headerBytes % 8).toBe(0);
    expect(file[8]).toBe('{'.charCodeAt(0));
    expect(header).toEqual({
      __metadata__: { dataset: 'd', note: 'größer' },
      W1: { dtype: 'F32', shape: [3, 2], data_offsets: [0, 24] },
      b1: { dtype: 'F32', shape: [2], data_offsets: [24, 32] },
      W2: { dtype: 'F32', shape: [2, 1], data_offsets: [32, 40] },
      b2: { dtype: 'F32', shape: [1], data_offsets: [40, 44] },
    });
    expect(file).toHaveLength(8 + headerBytes + 44);
    expect(file.readFloatLE(8 + headerBytes + 5 * 4)).toBe(6);
    expect(file.readFloatLE(8 + headerBytes + 40)).toBe(0.25);
  });

  const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
  it.skipIf(!hasNumpy)('is read back by NumPy (skipped without python3 and numpy)', () => {
    const path = join(folder, 'w.safetensors');
    writeFileSync(path, encoded());
    const script = `
import json, struct, sys, numpy as np
raw = open(sys.argv[1], 'rb').read()
n = struct.unpack('<Q', raw[:8])[0]
header = json.loads(raw[8:8 + n])
out = {}
for name, t in header.items():
    if name == '__metadata__': continue
    a, b = t['data_offsets']
    out[name] = np.frombuffer(raw[8 + n + a:8 + n + b], dtype='<f4').reshape(t['shape']).tolist()
print(json.dumps(out))`;
    expect(JSON.parse(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }))).toEqual({
      W1: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      b1: [7, 8],
      W2: [[-1], [0.5]],
      b2: [0.25],
    });
  });
});

describe('wantsWeights', () => {
  const better = (goal: 'maximize' | 'minimize', score: number | undefined): WeightsPolicy => ({
    keep: 'if-better',
    metric: 'val_accuracy',
    goal,
    score,
  });
  it.each<[string, WeightsPolicy, 'completed' | 'diverged', Record<string, number>, boolean]>([
    ['never', { keep: 'never' }, 'completed', { val_accuracy: 1 }, false],
    ['always, diverged too', { keep: 'always' }, 'diverged', {}, true],
    ['better', better('maximize', 0.5), 'completed', { val_accuracy: 0.6 }, true],
    ['equal is not better', better('maximize', 0.5), 'completed', { val_accuracy: 0.5 }, false],
    ['worse', better('minimize', 0.5), 'completed', { val_accuracy: 0.6 }, false],
    ['nothing to beat yet', better('minimize', undefined), 'completed', { val_accuracy: 0.6 }, true],
    ['diverged is never better', better('maximize', undefined), 'diverged', { val_accuracy: 0.6 }, false],
    ['no such metric', better('maximize', undefined), 'completed', {}, false],
    ['NaN', better('maximize', undefined), 'completed', { val_accuracy: NaN }, false],
  ])('%s', (_, policy, outcome, metrics, wanted) => {
    expect(wantsWeights(policy, outcome, metrics)).toBe(wanted);
  });
});
