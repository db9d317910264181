import type { DatasetReport } from '../datasets/survey.js';
import { kernelLabel } from '../kernel/recipe.js';
import type { KernelReport } from '../kernel/report.js';
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
  kernels: readonly KernelReport[];
  /** What workers use here, by its label; null when they cannot start. */
  kernelInUse: string | null;
  /** Why they cannot. */
  kernelProblem: string | null;
  dataDir: string;
  /** Why the data folder cannot be read. */
  dataProblem: string | null;
  datasets: readonly DatasetReport[];
  /** Where `vernier run` keeps searches without --store. */
  store: string;
  /** null: there is none yet. */
  storeBytes: number | null;
}

const COLUMNS = 80;
const LABEL_COLUMNS = 14;
/** The longest label, `native (avx512vl)`, and a gap. */
const KERNEL_COLUMNS = 19;

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
    ...kernels.flatMap((kernel, index) => {
      const [first = '', ...more] = kernelLines(kernel, report.kernelInUse);
      return [line(index === 0 ? 'kernels' : '', first), ...more.map((text) => line('', text))];
    }),
    ...(report.kernelProblem === null
      ? []
      : wrapped(`no worker can start: ${report.kernelProblem}`, COLUMNS - LABEL_COLUMNS).map((text) => line('', text))),
    line('data folder', report.dataDir),
    ...(report.dataProblem === null ? [] : [line('', report.dataProblem)]),
    ...datasets.map((dataset, index) => line(index === 0 ? 'data sets' : '', datasetText(dataset, nameColumns))),
    line('searches', `${report.store}${report.storeBytes === null ? ' (none yet)' : ''}`),
  ].join('\n');
}

function kernelLines(kernel: KernelReport, inUse: string | null): string[] {
  const label = kernelLabel(kernel);
  const { available, reason, mend, stepMs = 0, gflops = 0 } = kernel;
  if (available) {
    const speed = `${stepMs.toFixed(2).padStart(6)} ms a step ${gflops.toFixed(gflops < 10 ? 1 : 0).padStart(5)} Gflop/s`;
    return [`${label.padEnd(KERNEL_COLUMNS)}${speed}${label === inUse ? '  in use' : ''}`];
  }
  const why = `not here: ${reason}${mend === undefined ? '' : `; ${mend}`}`;
  return wrapped(why, COLUMNS - LABEL_COLUMNS - KERNEL_COLUMNS).map(
    (text, index) => `${(index === 0 ? label : '').padEnd(KERNEL_COLUMNS)}${text}`,
  );
}

/** Lines of whole words; a word that is longer has a line of its own. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function datasetText(report: DatasetReport, nameColumns: number): string {
  const { name, state, problem } = report;
  const held = state === 'complete' ? `, ${records(report)} records` : '';
  return `${name.padEnd(nameColumns)}  ${state}${held}${problem === undefined ? '' : `: ${problem}`}`;
}
