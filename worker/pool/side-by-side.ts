import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SideBySideLimit } from '../../proto/cli-options.js';
import { MAX_SIDE_BY_SIDE } from '../../proto/trainers/side-by-side.js';

/**
 * Weights of trials side by side, as a multiple of a core's second-level cache. Measured with 3072-50-10 networks (0.6 MB each) on
 * a core with 1 MB: four of them take 4 to 6 % less time each than alone, also while the other core does the same; eight
 * gain 2 % more at best, and with some widths of vectors lose it again (docs/benchmarks.md).
 */
const CACHE_SHARE = 2.5;
/** Of cores that do not tell: most of today's have 1 MB or more. */
const DEFAULT_L2_BYTES = 1024 * 1024;
const CPU_CACHES = '/sys/devices/system/cpu/cpu0/cache';

/** What a thread trains side by side, as Hello says it. */
export interface SideBySide {
  /** Trials at most. */
  sideBySide: number;
  /** Bytes of their weights at most; 0 for no limit. */
  sideBySideBytes: number;
}

export function sideBySideOf(limit: SideBySideLimit, cachesFolder = CPU_CACHES): SideBySide {
  if (limit !== 'auto') return { sideBySide: limit, sideBySideBytes: 0 };
  return { sideBySide: MAX_SIDE_BY_SIDE, sideBySideBytes: CACHE_SHARE * (l2Bytes(cachesFolder) ?? DEFAULT_L2_BYTES) };
}

/** A core's second-level cache as Linux tells it: `level` is 2, `size` is like 1024K. */
function l2Bytes(folder: string): number | undefined {
  const read = (cache: string, name: string): string => readFileSync(join(folder, cache, name), 'utf8').trim();
  try {
    for (const cache of readdirSync(folder).filter((name) => name.startsWith('index'))) {
      const kilobytes = /^([1-9][0-9]*)K$/.exec(read(cache, 'size'))?.[1];
      if (read(cache, 'level') === '2' && kilobytes !== undefined) return Number(kilobytes) * 1024;
    }
  } catch {
    // Another system, or one that does not tell.
  }
  return undefined;
}
