import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { packageFile } from '../../proto/package-root.js';
import { runPython } from './python.js';

/** Files of records in file order. */
export interface RawData {
  train: string[];
  test: string[];
}

type Part = 'train' | 'val' | 'test';

/** What test/numpy/weights_accuracy.py tells. */
export interface Recomputed {
  /** Records whose class the network has right, in the order of sums that docs/numerics.md gives. */
  right: Record<Part, number>;
  /** The same in float64 and in NumPy's order. */
  plain: Record<Part, number>;
  records: Record<Part, number>;
  metadata: Record<string, string>;
  shapes: Record<string, number[]>;
}

/** NumPy's count of the records that a weights file's network has right. */
export function recompute(weights: string, data: RawData): Recomputed {
  return runPython(packageFile('test/numpy/weights_accuracy.py'), { weights, ...data }, 300_000) as Recomputed;
}

/** fashion-mnist-mini as idx files. */
export function unpackEmbedded(folder: string): RawData {
  const unpack = (name: string): string => {
    const file = join(folder, name);
    const packed = readFileSync(packageFile(`worker/datasets/embedded/fashion-mnist-mini/${name}.br`));
    writeFileSync(file, brotliDecompressSync(packed));
    return file;
  };
  const part = (prefix: string) => ['images-idx3', 'labels-idx1'].map((kind) => unpack(`${prefix}-${kind}-ubyte`));
  return { train: part('train'), test: part('t10k') };
}

/** CIFAR-10's archive as it is published. */
export function unpackCifar10(archive: string, folder: string): RawData {
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const file = (name: string) => join(folder, 'cifar-10-batches-bin', `${name}.bin`);
  return { train: [1, 2, 3, 4, 5].map((batch) => file(`data_batch_${batch}`)), test: [file('test_batch')] };
}
