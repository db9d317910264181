import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { PYTHON } from '../support/python.js';
import { recompute, unpackEmbedded } from '../support/recompute.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

const sandbox = new Sandbox();
const file = sandbox.file('search.yaml', searchFile());
let search: SearchJson;

beforeAll(async () => {
  search = await sandbox.json(['run', file]);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;

interface Written {
  source: string;
  trial: number;
  round: string;
  bytes: number;
  metrics: Record<string, number>;
  weightsSha256: string;
}

/** As the weights digest is defined: the float32 values of W1, b1, W2, b2, one tensor after the other. */
function digestOf(path: string): string {
  const bytes = readFileSync(path);
  const begin = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, begin).toString()) as Record<string, { data_offsets: [number, number] }>;
  const hash = createHash('sha256');
  for (const name of ['W1', 'b1', 'W2', 'b2']) {
    const [from, to] = header[name]?.data_offsets ?? [0, 0];
    hash.update(bytes.subarray(begin + from, begin + to));
  }
  return hash.digest('hex');
}

describe('vernier weights', () => {
  it.skipIf(!hasNumpy)(
    'writes the best trial’s, from which NumPy computes the same accuracies (skipped without NumPy)',
    async () => {
      const output = sandbox.path('best.safetensors');
      const written = await sandbox.json<Written>(['weights', '--output', output]);
      const trial = search.rounds.at(-1)?.trials[0];
      expect(written).toMatchObject({ source: 'kept', trial: 13, round: 'final', metrics: trial?.metrics });
      expect(written.bytes).toBe(readFileSync(output).length);
      expect(digestOf(output)).toBe(trial?.weightsSha256);

      const { right, records, shapes, metadata } = recompute(output, unpackEmbedded(sandbox.folder));
      expect(shapes).toEqual({
        W1: [784, 20],
        b1: [20],
        W2: [20, 10],
        b2: [10],
        input_mean: [784],
        input_deviation: [784],
      });
      expect(metadata).toMatchObject({
        dataset: 'fashion-mnist-mini',
        train_records: '2000',
        validation_records: '500',
        spec_sha256: search.search.specSha256,
      });
      expect(records).toEqual({ train: 2000, val: 500, test: 1000 });
      // As counts: exactly.
      for (const part of ['train', 'val', 'test'] as const) {
        expect(trial!.metrics[`${part}_accuracy`], part).toBe(right[part] / records[part]);
      }
    },
  );

  it('makes any other trial’s again, and checks them by their digest', async () => {
    const output = sandbox.path('trial-2.safetensors');
    const { code, stdout, stderr } = await sandbox.run([
      'weights',
      search.search.id,
      '--trial',
      '2',
      '--output',
      output,
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('training trial 2 again\n');
    expect(stdout).toMatch(/trial-2\.safetensors: trial 2 of round coarse, val_accuracy \d\d\.\d\d %, \d+ bytes\n/);
    expect(stdout).toContain('trained again; their digest is the same');
    expect(digestOf(output)).toBe(search.rounds[0]?.trials[1]?.weightsSha256);
  });

  it('makes the best’s again with the other kernel, to the same file', async () => {
    const kept = sandbox.path('kept');
    const again = sandbox.path('again');
    await sandbox.run(['weights', '--output', kept]);
    const written = await sandbox.json<Written>(['weights', '--output', again, '--retrain', '--kernel', 'reference']);
    expect(written.source).toBe('trained again');
    expect(readFileSync(again).equals(readFileSync(kept))).toBe(true);
  });

  it('makes kept ones again whose file is damaged or gone', async () => {
    const own = ['--store', sandbox.path('damaged.db')];
    await sandbox.json(['run', file, ...own]);
    const intact = sandbox.path('intact');
    await sandbox.json(['weights', ...own, '--output', intact]);
    const folder = sandbox.path('damaged.db-blobs');
    const [blob = ''] = readdirSync(folder);
    const bytes = readFileSync(join(folder, blob));
    bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
    for (const damage of [() => writeFileSync(join(folder, blob), bytes), () => rmSync(join(folder, blob))]) {
      damage();
      const output = sandbox.path('again-after-damage');
      const { code, stdout, stderr } = await sandbox.run(['weights', ...own, '--output', output]);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('the kept weights cannot be used: ');
      expect(stdout).toContain('trained again; their digest is the same');
      expect(readFileSync(output).equals(readFileSync(intact))).toBe(true);
    }
  });

  it("takes a round's best", async () => {
    const written = await sandbox.json<Written>(['weights', '--round', 'coarse', '--output', sandbox.path('coarse')]);
    const best = search.rounds[0]?.trials.toSorted(
      (a, b) => b.metrics['val_accuracy']! - a.metrics['val_accuracy']!,
    )[0];
    expect(written).toMatchObject({ round: 'coarse', trial: best?.number });
  });

  it('refuses what is not there, and writes nothing', async () => {
    const output = sandbox.path('nothing');
    for (const [options, message] of [
      [['--trial', '99'], 'the search has no trial 99 [TRIAL_NOT_FOUND]\n  it has trials 1 to 13\n'],
      [
        ['--round', 'coarse', '--trial', '13'],
        'round coarse has no trial 13 [TRIAL_NOT_FOUND]\n  it has trials 1 to 6\n',
      ],
      [['--round', 'rough'], 'the search has no round rough [TRIAL_NOT_FOUND]\n  it has coarse, fine, final\n'],
    ] as const) {
      const { code, stderr } = await sandbox.run(['weights', ...options, '--output', output]);
      expect(code, stderr).toBe(2);
      expect(stderr).toBe(`vernier: ${message}`);
    }
    const { code, stderr } = await sandbox.run(['weights', '--output', sandbox.path('no/folder')]);
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('cannot be written: its folder does not exist [FILE_UNWRITABLE]');
    expect(existsSync(output)).toBe(false);
  });
});
