import { catalogued, datasetCatalogue } from '../../proto/datasets.js';
import type { DatasetReport } from '../datasets/survey.js';
import { formatBytes, formatCount } from './output.js';

/** Names that `vernier data fetch` takes. */
export const FETCHABLE: readonly string[] = datasetCatalogue
  .filter(({ source }) => source.kind !== 'embedded')
  .map(({ name }) => name);

/** A data set as --json tells of it. */
export function datasetJson(report: DatasetReport): object {
  const { name, state, source, info, directory, bytes, downloadedBytes, problem } = report;
  return {
    name,
    title: catalogued(name)?.title ?? null,
    state,
    source,
    sha256: info?.sha256 ?? null,
    train: info?.train ?? null,
    test: info?.test ?? null,
    inputs: info?.inputs ?? null,
    classes: info?.classes ?? null,
    bytes,
    downloadedBytes,
    directory,
    problem: problem ?? null,
  };
}

/** `50,000 training and 10,000 test records of 3,072 bytes, 10 classes, 184 MB` */
export function describe({ info, bytes }: DatasetReport): string {
  if (info === undefined) return formatBytes(bytes);
  const test = info.test === 0 ? 'no test records' : `${formatCount(info.test)} test records`;
  const held = `${formatCount(info.train)} training and ${test} of ${formatCount(info.inputs)} bytes`;
  return `${held}, ${info.classes} ${info.classes === 1 ? 'class' : 'classes'}, ${formatBytes(bytes)}`;
}

/** `50,000 + 10,000`: training and test records. */
export function records({ info }: DatasetReport): string {
  return info === undefined ? '' : `${formatCount(info.train)} + ${formatCount(info.test)}`;
}
