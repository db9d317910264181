import { closest } from '../../proto/closest.js';
import { datasetCatalogue } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { knownNames } from './stored.js';

/** The error for a name that neither the catalogue nor the data folder has, with the one that was probably meant. */
export async function unknownDataset(name: string, dataDir: string): Promise<VernierError> {
  const known = await knownNames(dataDir).catch(() => datasetCatalogue.map((entry) => entry.name));
  const meant = closest(name, known);
  return new VernierError('DATASET_UNKNOWN', `there is no data set ${JSON.stringify(name)} in ${dataDir}`, {
    mend: meant === undefined ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`,
  });
}
