import type { CommandContext, IncompleteDataset } from '../../proto/command.js';
import { catalogued, type DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { shellWord } from '../../proto/shell-word.js';

/** The data sets of this machine, as far as they are there. */
export interface LocalData {
  complete: readonly DatasetInfo[];
  incomplete: readonly IncompleteDataset[];
}

export async function localData(context: CommandContext, dataDir?: string): Promise<LocalData> {
  return { complete: await context.localDatasets(dataDir), incomplete: await context.incompleteDatasets(dataDir) };
}

/** Data sets of one's own, which a coordinator cannot know of; also such as are damaged, which a search may well name. */
export function ownDatasets({ complete, incomplete }: LocalData): DatasetInfo[] {
  return [...complete, ...incomplete.map(({ info }) => info)].filter(({ name }) => catalogued(name) === undefined);
}

/**
 * What `run` checks before it starts anything: this machine has the data sets that the search's trials use.
 *
 * @throws VernierError DATASET_MISSING, DATASET_CORRUPT with the command that brings the first missing one
 */
export function requireDatasets(
  needed: readonly DatasetInfo[],
  { complete, incomplete }: LocalData,
  dataDir: string | undefined,
): void {
  const here = new Set(complete.map(({ sha256 }) => sha256));
  const missing = needed.filter(({ sha256 }) => !here.has(sha256));
  const [first] = missing;
  if (first === undefined) return;
  const names = `data set${missing.length === 1 ? '' : 's'} ${missing.map(({ name }) => name).join(', ')}`;
  const part = incomplete.find(({ info }) => info.sha256 === first.sha256);
  const place = dataDir === undefined ? '' : ` --data-dir ${shellWord(dataDir)}`;
  if (part === undefined) {
    throw new VernierError('DATASET_MISSING', `${names}: not on this machine`, { mend: howToBring(first, place, '') });
  }
  throw new VernierError('DATASET_CORRUPT', `${names}: not complete: ${part.problem}`, {
    mend: howToBring(first, place, ' --replace'),
  });
}

function howToBring({ name }: DatasetInfo, place: string, replace: string): string {
  const entry = catalogued(name);
  if (entry === undefined) return `add it: vernier data add ${name} PATH${replace}${place}`;
  return entry.source.kind === 'embedded'
    ? 'install Vernier again: it is a part of it'
    : `fetch it: vernier data fetch ${name}${place}`;
}
