import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import type { KernelRecipe } from '../../worker/kernel/recipe.js';
import { BACKENDS } from '../support/backends.js';
import { DIVERGING, TWO_ROUNDS, writeLayout2Store } from '../support/layout-2.js';
import { openPool } from '../support/pool-worker.js';
import { retrainer, verify } from '../support/verifying.js';

/* The computing itself: every kernel of this machine gives the recorded bits, and a build that is wrong in one bit does not. */

let folder: string;
let store: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vernier-verify-kernel-'));
  store = join(folder, 'store.db');
  writeLayout2Store(store);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(BACKENDS)('$label', ({ recipe, label }) => {
  it('gives every bit of what another kernel computed', async () => {
    const pool = await openPool(recipe, 2);
    for (const id of [TWO_ROUNDS, DIVERGING]) {
      const { json, error } = await verify([id, '--store', store, '--all'], retrainer(pool));
      expect(error).toBeUndefined();
      expect(json).toMatchObject({ verified: true });
      for (const { recordedOn, againOn } of json!.trials) {
        expect(recordedOn?.kernel).toBe('native');
        expect(againOn?.kernel).toBe(label);
      }
    }
    await pool.close();
  });
});

/** exp's first coefficient and log's, as docs/numerics.md has them. */
const COEFFICIENTS = { exp: 1.66666666666666019037e-1, log: 6.66666666666673513e-1 };

/** The built WASM kernel with one bit of a coefficient turned, at its first place. */
function faulty(coefficient: number, bit: number): KernelRecipe {
  const bytes = readFileSync(packageFile('dist/worker/kernel/wasm/kernel.wasm'));
  const looked = Buffer.alloc(8);
  looked.writeDoubleLE(coefficient);
  const at = bytes.indexOf(looked);
  if (at < 0) throw new Error(`the kernel has no ${coefficient}`);
  const place = at + Math.floor(bit / 8);
  bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (bit % 8)), place);
  return { name: 'wasm', module: new WebAssembly.Module(bytes) };
}

// Of the lower bits nothing reaches any value of this search: all of them are rounded away.
describe.each([
  ['exp', 12, 'val_cost'],
  ['exp', 20, 'val_cost'],
  ['log', 12, 'val_cost'],
] as const)('a build in which a coefficient of %s is another, in bit %i', (name, bit, what) => {
  it('is found out, with the first value that differs and the kernels of both sides', async () => {
    const pool = await openPool(faulty(COEFFICIENTS[name], bit), 2);
    const { json, error } = await verify([TWO_ROUNDS, '--store', store, '--all'], retrainer(pool));
    await pool.close();
    expect(error).toMatchObject({ code: 'VERIFY_DIFFERS', mend: expect.stringContaining('try another --kernel') });
    expect(json).toMatchObject({ verified: false, record: [] });
    expect(json!.trialsVerified).toBeLessThan(12);
    const first = json!.trials.find(({ differences }) => differences.length > 0)!;
    expect(first).toMatchObject({ recordedOn: { kernel: 'native' }, againOn: { kernel: 'wasm' } });
    const [{ recorded, again, ...place }] = first.differences as [(typeof first.differences)[number]];
    expect(place).toEqual({ epoch: expect.any(Number), what });
    // A fault of one bit in a coefficient moves a loss by its last bits alone: nothing less exact than bits would find it.
    expect(recorded?.bits?.slice(0, 10)).toBe(again?.bits?.slice(0, 10));
    expect(recorded?.bits).not.toBe(again?.bits);
  });
});
