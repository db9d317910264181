import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { tempFolder } from '../support/temp-folder.js';

/*
 * The native kernel built for arm64, run by an emulator, against one built for this processor: test/native/digests.c prints
 * what each function computes. Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user.
 */

const SOURCE = packageFile('worker/kernel/native/source');
/** What binding.gyp builds with. */
const FLAGS = ['-O3', '-std=gnu11', '-ffp-contract=off', '-Wall', '-Wextra', '-Werror', '-Wno-psabi'];
const CROSS = 'aarch64-linux-gnu-gcc';
const EMULATOR = 'qemu-aarch64';

const missing = ['cc', CROSS, EMULATOR].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
const reason = missing.length === 0 ? '' : ` (no ${missing.join(', ')} here)`;

const folder = tempFolder();

interface Build {
  compiler: string;
  width: string;
  tile: { height: number; vectors: number };
  /** What runs its programs, where this processor does not. */
  run?: string;
}
/** 128 bits each: what every arm64, and every x64, runs. */
const ARM64: Build = { compiler: CROSS, width: 'neon', tile: { height: 5, vectors: 4 }, run: EMULATOR };
const HERE: Build = { compiler: 'cc', width: 'sse2', tile: { height: 5, vectors: 2 } };

/** One line a function: its name and the digest of its results. */
function digests({ compiler, width, tile, run }: Build, precision: 'float32' | 'float64'): string[] {
  const program = join(folder, `${width}-${precision}`);
  const defines = {
    WIDTH: width,
    VECTOR_BYTES: 16,
    TILE_HEIGHT: tile.height,
    TILE_VECTORS: tile.vectors,
    FUNCTIONS: `vernier_${width}_${precision}`,
  };
  const options = [...FLAGS, `-I${SOURCE}`, ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)];
  const object = `${program}.o`;
  execFileSync(compiler, [...options, '-c', join(SOURCE, `${precision}.c`), '-o', object]);
  const real = precision === 'float32' ? 'float' : 'double';
  const main = packageFile('test/native/digests.c');
  execFileSync(compiler, [...options, '-static', `-DREAL=${real}`, main, object, '-o', program, '-lm']);
  const output = run === undefined ? execFileSync(program) : execFileSync(run, [program]);
  return output.toString().trim().split('\n');
}

describe.skipIf(missing.length > 0)(`the native kernel on arm64${reason}`, () => {
  it.each(['float32', 'float64'] as const)('gives the bits that it gives here, %s', (precision) => {
    const here = digests(HERE, precision);
    expect(here.map((line) => line.split(' ')[0])).toEqual([
      'gather',
      'multiply',
      'update',
      'layer',
      'softmax',
      'evaluation',
      'squares',
      'exp',
      'log',
      'dropout',
      'momentum',
    ]);
    expect(digests(ARM64, precision)).toEqual(here);
  });
});
