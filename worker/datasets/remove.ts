import { catalogued } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { unknownDataset } from './names.js';
import { placeOf } from './stored.js';
import { surveyDataset } from './survey.js';
import { withWorkFolder } from './work-folder.js';

/**
 * Removes a data set's files and what was downloaded of it.
 *
 * @returns bytes that were freed
 * @throws VernierError DATASET_UNKNOWN, DATASET_MISSING; USAGE for the embedded one; DATASET_BUSY, DATA_FOLDER_UNUSABLE
 */
export async function removeDataset(name: string, dataDir: string): Promise<number> {
  const report = await surveyDataset(name, dataDir);
  if (report === undefined) throw await unknownDataset(name, dataDir);
  if (report.source === 'embedded') {
    throw new VernierError('USAGE', `data set ${name} is part of Vernier and cannot be removed`);
  }
  const bytes = report.bytes + report.downloadedBytes;
  if (report.state === 'absent' && bytes === 0) {
    throw new VernierError('DATASET_MISSING', `data set ${name}: not in ${dataDir}, there is nothing to remove`);
  }
  await withWorkFolder(placeOf(name, catalogued(name), dataDir), ({ remove }) => remove());
  return bytes;
}
