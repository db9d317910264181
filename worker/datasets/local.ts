import type { IncompleteDataset } from '../../proto/command.js';
import { datasetCatalogue, type DatasetInfo } from '../../proto/datasets.js';
import { dataFolder } from './folder.js';
import { findDataset, isComplete, knownNames } from './stored.js';
import { surveyDatasets } from './survey.js';

/**
 * The data sets that are complete on this machine, the embedded ones always among them. Only names and sizes are
 * looked at; the sums are checked when a data set is read. What is broken is left out: `vernier data list` shows it.
 */
export async function localDatasets(env: NodeJS.ProcessEnv, dataDir?: string): Promise<DatasetInfo[]> {
  const folder = dataFolder(env, dataDir);
  const complete: DatasetInfo[] = [];
  // An unreadable folder leaves the embedded data sets usable.
  const names = await knownNames(folder).catch(() => datasetCatalogue.map(({ name }) => name));
  for (const name of names) {
    const stored = await findDataset(name, folder).catch(() => undefined);
    if (stored === undefined) continue;
    if (await isComplete(stored).catch(() => false)) complete.push(stored.info);
  }
  return complete;
}

/**
 * The data sets of which something is there, but not all: what a search that names one of them lacks. One of the user's
 * own whose manifest cannot be used is not among them, since what it holds is not known.
 */
export async function incompleteDatasets(env: NodeJS.ProcessEnv, dataDir?: string): Promise<IncompleteDataset[]> {
  const reports = await surveyDatasets(dataFolder(env, dataDir)).catch(() => []);
  return reports.flatMap(({ info, state, source, problem }) => {
    // Its manifest, or the installed program, says that it should be there.
    const gone = state === 'absent' && source !== 'catalogue';
    if (info === undefined || (state !== 'incomplete' && !gone)) return [];
    return { info, problem: problem ?? 'its files are missing' };
  });
}
