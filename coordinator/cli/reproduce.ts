import { resolve } from 'node:path';
import { Command } from 'commander';
import { jsonOption, writeJson } from '../../proto/cli-options.js';
import { closest } from '../../proto/closest.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { VernierError } from '../../proto/errors.js';
import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { forcedNativeWidth } from '../../proto/kernels.js';
import { packageRoot } from '../../proto/package-root.js';
import { busyMs } from '../report/busy.js';
import { comparisonText } from '../report/comparison-text.js';
import { summaryOf } from '../report/detail.js';
import { duration } from '../report/format.js';
import { comparisons, type Comparison } from '../report/papers/comparisons.js';
import { PAPERS } from '../report/papers/index.js';
import { paperDocument } from '../report/papers/paper-document.js';
import type { Paper } from '../report/papers/paper.js';
import { checkedFile } from './checked-file.js';
import { filesInWords, REPORT_FORMATS, reportFiles } from './report-files.js';
import { requireReportFolder, writeReport } from './report-folder.js';
import { localData, ownDatasets, requireDatasets } from './required-data.js';
import { requireCompleted } from './result.js';
import { runSearches, sameStore, withRunOptions, type RunOptions } from './run-searches.js';
import { summaryJson } from './summary-json.js';

interface ReproduceOptions extends RunOptions {
  output?: string;
  force?: true;
}

const HELP = `
Examples:
  vernier reproduce
  vernier reproduce garcia-sanz-2020
  vernier reproduce garcia-sanz-2020 --output report --seed 7

Runs the paper's search files, which the package ships, and writes one report:
Markdown, HTML, LaTeX, and every figure as SVG and PNG. What was interrupted goes
on with the same command; what is in the store already is not run again.

Exit codes: 0 all completed, 1 a search failed or was interrupted, 2 wrong use.`;

/** `vernier reproduce`: a published work's results, computed again and set beside the published ones. */
export const reproduceCommand: CommandFactory = reproduceCommandFor(PAPERS);

export function reproduceCommandFor(papers: readonly Paper[]): CommandFactory {
  return (context) =>
    withRunOptions(
      new Command('reproduce').argument('[paper]', 'what to reproduce; without it, all there are are listed'),
    )
      .option('--output <folder>', "the report's folder (default: the paper's name, here)")
      .option('--force', 'write over files that no report has written')
      .addOption(jsonOption())
      .addHelpText('after', HELP)
      .action((id: string | undefined, _: ReproduceOptions, command: Command) => {
        const options: ReproduceOptions = command.optsWithGlobals();
        return id === undefined ? list(papers, options, context) : reproduce(paperOf(id, papers), options, context);
      });
}

function list(papers: readonly Paper[], { json }: ReproduceOptions, { stdout }: CommandContext): void {
  if (json) {
    writeJson(
      papers.map(({ id, reference, summary, experiments }) => {
        return { id, reference, summary, files: experiments.map(({ file }) => file) };
      }),
      stdout,
    );
    return;
  }
  for (const { id, reference, summary, experiments } of papers) {
    const files = experiments.map(({ file }) => `  ${file}`);
    stdout.write(`${[`${id}: ${summary}`, `  ${reference}`, ...files].join('\n')}\n`);
  }
}

/** @throws VernierError USAGE */
function paperOf(id: string, papers: readonly Paper[]): Paper {
  const paper = papers.find((each) => each.id === id);
  if (paper !== undefined) return paper;
  const names = papers.map((each) => each.id);
  const meant = closest(id, names);
  throw new VernierError('USAGE', `nothing to reproduce is called ${JSON.stringify(id)}`, {
    mend: meant === undefined ? `there is: ${names.join(', ')}` : `did you mean ${meant}?`,
  });
}

async function reproduce(paper: Paper, options: ReproduceOptions, context: CommandContext): Promise<void> {
  const { env, stderr, stdout } = context;
  const { dataDir, output = paper.id, force = false } = options;
  // The workers would each refuse it.
  forcedNativeWidth(env);
  const local = await localData(context, dataDir);
  const datasets = ownDatasets(local);
  const files = await Promise.all(
    paper.experiments.map(async ({ file, ownSeeds }) => {
      const seed = ownSeeds ? {} : { seed: options.seed };
      return { ...seed, ...(await checkedFile(resolve(packageRoot, file), seed, datasets, stderr)) };
    }),
  );
  requireDatasets(
    [...new Map(files.flatMap(({ search }) => search.datasets.map((data) => [data.name, data]))).values()],
    local,
    dataDir,
  );
  await requireReportFolder(output, force);

  const found = await runSearches({
    searches: files,
    title: paper.id,
    datasets,
    options,
    context,
    wanted: { epochs: true },
  });
  found.forEach(requireCompleted);
  const results = new Map(found.map((detail) => [summaryOf(detail).name, detail]));
  const written = reportFiles(paperDocument(paper, results, sameStore(options), options.seed), REPORT_FORMATS);
  await writeReport(output, written, { force });

  const compared = comparisons(paper, results);
  if (options.json) {
    writeJson(resultJson({ paper, output, files: [...written.keys()], compared, found }), stdout);
    return;
  }
  const took = duration(found.reduce((sum, detail) => sum + busyMs(detail), 0));
  stdout.write(
    `${comparisonText(compared)}\n\nThe trials ran for ${took} in all.\nReport in ${output}:\n  ${filesInWords(written.keys())}\n`,
  );
}

/** As `--json` prints it. Scripts rely on these keys. */
export interface ReproductionJson {
  paper: string;
  folder: string;
  /** In the folder. */
  files: string[];
  /** `ours` and `difference` are null where a search has not got the number. */
  comparisons: (Omit<Comparison, 'ours'> & { ours: number | null; difference: number | null })[];
  searches: (ReturnType<typeof summaryJson> & { resultDigest: string; busyMs: number })[];
}

function resultJson({
  paper,
  output,
  files,
  compared,
  found,
}: {
  paper: Paper;
  output: string;
  files: string[];
  compared: readonly Comparison[];
  found: readonly SearchDetail__Output[];
}): ReproductionJson {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    paper: paper.id,
    folder: output,
    files,
    comparisons: compared.map((each) => ({
      ...each,
      ours: finite(each.ours),
      difference: finite(each.ours - each.paper),
    })),
    searches: found.map((detail) => ({
      ...summaryJson(summaryOf(detail)),
      resultDigest: detail.resultDigest,
      busyMs: busyMs(detail),
    })),
  };
}
