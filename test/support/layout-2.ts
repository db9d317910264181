import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { packageFile } from '../../proto/package-root.js';

/**
 * Searches in a store of layout 2, made by Vernier 0.1.0 before provenance was recorded, on embedded data. TWO_ROUNDS has twelve
 * trials in two rounds, each configuration with two training seeds; of DIVERGING the second of two trials diverged.
 */
export const TWO_ROUNDS = 'fddnirnd7c';
export const DIVERGING = 'zyqum1zy5o';

/** Writes the store to `file`. */
export function writeLayout2Store(file: string): void {
  writeFileSync(file, gunzipSync(readFileSync(packageFile('test/fixtures/store-layout-2.db.gz'))));
}
