import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogued, type DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { isAbsent } from './absent.js';
import { folderError } from './folder-error.js';
import { findDataset, knownNames, memberStates, sizeOf, type MemberState } from './stored.js';
import { downloadsFolder } from './work-folder.js';

/** What is there of a data set, as names and sizes tell; sums are for `vernier data verify`. */
export interface DatasetReport {
  name: string;
  /** `unusable`: one of the user's own whose manifest cannot be used. */
  state: 'complete' | 'incomplete' | 'absent' | 'unusable';
  source: 'embedded' | 'catalogue' | 'own';
  /** Absent when unusable. */
  info?: DatasetInfo;
  directory: string;
  /** On disk, packed as it lies there. */
  bytes: number;
  /** Of a download that is not whole yet. */
  downloadedBytes: number;
  /** Why it is incomplete or unusable. */
  problem?: string;
}

/**
 * Every data set of the catalogue and of the user's own.
 *
 * @throws VernierError DATA_FOLDER_UNUSABLE when the folder is there and cannot be read
 */
export async function surveyDatasets(dataDir: string): Promise<DatasetReport[]> {
  try {
    const reports: DatasetReport[] = [];
    for (const name of await knownNames(dataDir)) {
      const report = await surveyDataset(name, dataDir);
      if (report !== undefined) reports.push(report);
    }
    return reports;
  } catch (error) {
    throw folderError(error, dataDir);
  }
}

/** @returns undefined when the catalogue has no such name and the folder has no manifest */
export async function surveyDataset(name: string, dataDir: string): Promise<DatasetReport | undefined> {
  try {
    const stored = await findDataset(name, dataDir);
    if (stored === undefined) return undefined;
    const { info, entry, directory } = stored;
    const states = await memberStates(stored);
    const wrong = states.filter(({ complete }) => !complete);
    const empty = states.every(({ bytes }) => bytes === undefined);
    return {
      name,
      state: wrong.length === 0 ? 'complete' : empty ? 'absent' : 'incomplete',
      source: entry === undefined ? 'own' : entry.source.kind === 'embedded' ? 'embedded' : 'catalogue',
      info,
      directory,
      bytes: states.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      downloadedBytes: await downloadedBytes(dataDir, name),
      ...(wrong.length === 0 || empty ? {} : { problem: explain(wrong) }),
    };
  } catch (error) {
    if (!(error instanceof VernierError) || catalogued(name) !== undefined) throw error;
    const directory = join(dataDir, name);
    return {
      name,
      state: 'unusable',
      source: 'own',
      directory,
      bytes: 0,
      downloadedBytes: 0,
      problem: error.message,
    };
  }
}

/** The first file that is wrong, and how many more are. */
function explain([first, ...more]: readonly MemberState[]): string {
  if (first === undefined) return '';
  const { member, bytes } = first;
  const what = bytes === undefined ? 'is missing' : `has ${bytes} bytes instead of ${member.bytes}`;
  return `${member.file} ${what}${more.length === 0 ? '' : `, and ${more.length} more`}`;
}

async function downloadedBytes(dataDir: string, name: string): Promise<number> {
  const folder = downloadsFolder(dataDir, name);
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
  const sizes = await Promise.all(
    files.filter((file) => !file.endsWith('.json')).map((file) => sizeOf(join(folder, file))),
  );
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}
