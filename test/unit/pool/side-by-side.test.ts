import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sideBySideKey, weightsBytes } from '../../../proto/trainers/side-by-side.js';
import { twoLayerSchema, type TwoLayerInput } from '../../../proto/trainers/two-layer.js';
import { sideBySideOf } from '../../../worker/pool/side-by-side.js';

describe('what a thread trains side by side', () => {
  let caches: string;
  beforeEach(() => void (caches = mkdtempSync(join(tmpdir(), 'vernier-caches-'))));
  afterEach(() => rmSync(caches, { recursive: true }));

  function cache(name: string, files: Record<string, string>): void {
    mkdirSync(join(caches, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(caches, name, file), `${text}\n`);
  }

  it("follows the core's second-level cache", () => {
    cache('index0', { level: '1', type: 'Data', size: '48K' });
    cache('index2', { level: '2', type: 'Unified', size: '2048K' });
    cache('index3', { level: '3', type: 'Unified', size: '32768K' });
    expect(sideBySideOf('auto', caches)).toEqual({ sideBySide: 8, sideBySideBytes: 5 * 1024 * 1024 });
  });

  it('is a cautious guess where a machine does not tell', () => {
    const guess = { sideBySide: 8, sideBySideBytes: 2.5 * 1024 * 1024 };
    expect(sideBySideOf('auto', join(caches, 'none'))).toEqual(guess);
    cache('index2', { level: '2', size: 'plenty' });
    cache('index3', { size: '32768K' });
    expect(sideBySideOf('auto', caches)).toEqual(guess);
  });

  it('is what is asked for, whatever the caches', () => {
    expect(sideBySideOf(3, caches)).toEqual({ sideBySide: 3, sideBySideBytes: 0 });
  });
});

describe('trials side by side', () => {
  const base = {
    kind: 'two-layer',
    dataset: { name: 'd', train: 800, validation: 100 },
    learning_rate: { schedule: 'constant', value: 0.1 },
    epochs: 3,
  } satisfies TwoLayerInput;
  const key = (changes: Partial<TwoLayerInput> = {}, seed = 1, sha256 = 'ab') =>
    sideBySideKey(twoLayerSchema.parse({ ...base, ...changes }), seed, sha256);

  it.each<[string, Partial<TwoLayerInput>]>([
    ['lambda', { lambda: 0.5 }],
    ['sizes', { hidden: [20, 30] }],
    ['rates', { learning_rate: { schedule: 'triangular', min: 0, max: 1, step_size: 5 } }],
    ['lengths', { epochs: 7 }],
    ['evaluations', { evaluate: { train: 'never' }, test: true }],
    ['a default written out', { batch_size: 100 }],
    ['momentum', { momentum: 0.9 }],
    ['dropout', { dropout: 0.5 }],
    ['first weights', { init: 'he' }],
    ['early stopping', { early_stopping: { patience: 3 } }],
    ['what they are after training', { average: 'cycles' }],
    ['flips written out that there are none of', { horizontal_flips: false }],
  ])('may differ in %s', (_, changes) => expect(key(changes)).toBe(key()));

  it.each([
    ['training seed', key({}, 2)],
    ['data', key({}, 1, 'cd')],
    ['batch size', key({ batch_size: 50 })],
    ['flips', key({ horizontal_flips: true })],
    ['training records', key({ dataset: { ...base.dataset, train: 700 } })],
    ['validation records', key({ dataset: { ...base.dataset, validation: 50 } })],
  ])('agree in their %s', (_, other) => expect(other).not.toBe(key()));

  it('weigh what their weights do', () => {
    const bytes = (hidden: TwoLayerInput['hidden'], changes: Partial<TwoLayerInput> = {}) =>
      weightsBytes(twoLayerSchema.parse({ ...base, hidden, ...changes }), { inputs: 3072, classes: 10 });
    expect(bytes(50)).toBe(4 * (3072 * 50 + 50 * 10));
    expect(bytes(50, { momentum: 0.9 })).toBe(2 * bytes(50));
    expect(bytes(50, { momentum: 0 })).toBe(bytes(50));
    expect(bytes([256, 128])).toBe(4 * (3072 * 256 + 256 * 128 + 128 * 10));
  });
});
