import type { DatasetReport } from '../datasets/survey.js';
import { records } from './dataset-text.js';
import { formatBytes } from './output.js';

export interface DoctorReport {
  versions: { vernier: string; protocol: number; numerics: string };
  node: string;
  platform: string;
  processor: string | null;
  cores: number;
  /** The machine's, or what a container may use of it. */
  memoryBytes: number;
  /** `stepMs`: milliseconds for one update step of a 3072-50-10 network with a mini-batch of 100. */
  kernels: readonly { name: string; available: boolean; reason?: string; stepMs?: number }[];
  /** What workers use here: VERNIER_KERNEL, else the fastest; null when there is none. */
  kernelInUse: string | null;
  dataDir: string;
  /** Why the data folder cannot be read. */
  dataProblem: string | null;
  datasets: readonly DatasetReport[];
  /** Where `vernier run` keeps searches without --store. */
  store: string;
  /** null: there is none yet. */
  storeBytes: number | null;
}

const LABEL_COLUMNS = 14;

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_COLUMNS)}${text}`;
}

/** The report as lines of a label and what there is. */
export function doctorText(report: DoctorReport): string {
  const { versions, kernels, datasets } = report;
  const nameColumns = Math.max(0, ...datasets.map(({ name }) => name.length));
  return [
    line('vernier', `${versions.vernier}, protocol ${versions.protocol}, numerics ${versions.numerics}`),
    line('node', `${report.node}, ${report.platform}`),
    line('cores', `${report.cores}${report.processor === null ? '' : ` (${report.processor})`}`),
    line('memory', formatBytes(report.memoryBytes)),
    ...kernels.map((kernel, index) => line(index === 0 ? 'kernels' : '', kernelText(kernel, report.kernelInUse))),
    ...(kernels.some(({ name, available }) => available && name === report.kernelInUse)
      ? []
      : [line('', `${report.kernelInUse ?? 'none'} is to be used and cannot be: see VERNIER_KERNEL`)]),
    line('data folder', report.dataDir),
    ...(report.dataProblem === null ? [] : [line('', report.dataProblem)]),
    ...datasets.map((dataset, index) => line(index === 0 ? 'data sets' : '', datasetText(dataset, nameColumns))),
    line('searches', `${report.store}${report.storeBytes === null ? ' (none yet)' : ''}`),
  ].join('\n');
}

function kernelText(
  { name, available, reason, stepMs }: DoctorReport['kernels'][number],
  inUse: string | null,
): string {
  const state = available
    ? `${stepMs === undefined ? 'available' : `${stepMs.toFixed(2)} ms a step`}${name === inUse ? ', in use' : ''}`
    : `not available: ${reason ?? 'no reason is known'}`;
  return `${name.padEnd(LABEL_COLUMNS)}${state}`;
}

function datasetText(report: DatasetReport, nameColumns: number): string {
  const { name, state, problem } = report;
  const held = state === 'complete' ? `, ${records(report)} records` : '';
  return `${name.padEnd(nameColumns)}  ${state}${held}${problem === undefined ? '' : `: ${problem}`}`;
}
