import { writeJson } from '../../proto/cli-options.js';
import type { CommandContext } from '../../proto/command.js';
import { surveyDataset } from '../datasets/survey.js';
import { datasetJson, describe } from './dataset-text.js';
import type { DataOptions } from './data-options.js';

/** Writes what a data set is after it was fetched or added. */
export async function writeOutcome(
  name: string,
  dataDir: string,
  already: boolean,
  { json }: DataOptions,
  { stdout }: CommandContext,
): Promise<void> {
  const report = await surveyDataset(name, dataDir);
  if (report === undefined) return;
  if (json) {
    writeJson({ dataDir, already, dataset: datasetJson(report) }, stdout);
    return;
  }
  const state = report.source === 'embedded' ? 'is part of Vernier' : already ? 'is there already' : 'is complete';
  stdout.write(`${name} ${state}: ${describe(report)}\n  in ${report.directory}\n`);
}
