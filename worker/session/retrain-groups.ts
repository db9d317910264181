import type { RetrainTrial } from '../../proto/command.js';
import type { DatasetInfo } from '../../proto/datasets.js';
import { isDivided } from '../../proto/trainers/index.js';
import { sideBySideKey, weightsBytes } from '../../proto/trainers/side-by-side.js';
import type { SideBySide } from '../pool/side-by-side.js';
import { parseTrialConfig } from '../trainers/index.js';

export interface GroupOptions extends SideBySide {
  threads: number;
  /** Those of this machine. */
  datasets: readonly DatasetInfo[];
}

/**
 * Trials by the threads that train them, as places in `trials`: those that see the same mini-batches side by side, as many as
 * a thread bears and as leave something for every thread. Groups stand in the order of their first trials.
 */
export function threadGroups(trials: readonly RetrainTrial[], options: GroupOptions): number[][] {
  const { threads, sideBySide, sideBySideBytes: bytesMost } = options;
  const most = Math.min(sideBySide, Math.max(1, Math.floor(trials.length / threads)));
  const groups: number[][] = [];
  const open = new Map<string, { group: number[]; bytes: number }>();
  trials.forEach((trial, index) => {
    const companion = asCompanion(trial, options.datasets);
    const joined = companion && open.get(companion.key);
    if (companion !== undefined && joined !== undefined && joined.group.length < most) {
      const bytes = joined.bytes + companion.bytes;
      if (bytesMost === 0 || bytes <= bytesMost) {
        joined.group.push(index);
        joined.bytes = bytes;
        return;
      }
    }
    const group = [index];
    groups.push(group);
    if (companion !== undefined) open.set(companion.key, { group, bytes: companion.bytes });
  });
  return groups;
}

/** Undefined for a trial that runs alone; what is wrong with one is told when it is run. */
function asCompanion(
  { configJson, seed, datasetSha256 }: RetrainTrial,
  datasets: readonly DatasetInfo[],
): { key: string; bytes: number } | undefined {
  const data = datasets.find(({ sha256 }) => sha256 === datasetSha256);
  if (data === undefined) return undefined;
  try {
    const config = parseTrialConfig(configJson);
    if (isDivided(config)) return undefined;
    return { key: sideBySideKey(config, seed, datasetSha256), bytes: weightsBytes(config, data) };
  } catch {
    return undefined;
  }
}
