import { Command } from 'commander';
import { jsonOption, writeJson } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { summaryOf } from '../report/detail.js';
import { searchDocument } from '../report/search-document.js';
import { coordinatorOption, LATEST_HELP, storeOption, type ReachOptions } from './options.js';
import { searchId, withCoordinator } from './reach.js';
import { filesInWords, formatOption, reportFiles, type ReportFormat } from './report-files.js';
import { requireReportFolder, writeReport } from './report-folder.js';

interface ReportOptions extends ReachOptions {
  output: string;
  format: readonly ReportFormat[];
  force?: true;
  json?: true;
}

const HELP = `
Examples:
  vernier report --output report
  vernier report 3f2a --output report --format html
  vernier report latest --output figures --format svg,png

The report holds every round's table, scores by parameter and learning curves,
and the digests by which anybody checks it. The HTML file needs no other file;
Markdown shows the SVG files beside it, LaTeX the PNG files.

${LATEST_HELP}`;

/** `vernier report`: a search, ended or not, as documents and figures. */
export const reportCommand: CommandFactory = (context) =>
  new Command('report')
    .argument('[id]', 'the search')
    .requiredOption('--output <folder>', 'where to write it; an earlier report there is replaced')
    .addOption(formatOption())
    .option('--force', 'write over files that no report has written')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((id: string | undefined, options: ReportOptions) => report(id, options, context));

async function report(id: string | undefined, options: ReportOptions, context: CommandContext): Promise<void> {
  const { output, format, force = false, json } = options;
  await requireReportFolder(output, force);
  await withCoordinator(options, context, async ({ api, sameAgain }) => {
    const detail = await api.get({ id: await searchId(api, id), epochs: true, configs: true });
    const files = reportFiles(searchDocument(detail, sameAgain), format);
    await writeReport(output, files, { force });
    const names = [...files.keys()];
    if (json) writeJson({ search: summaryOf(detail).id, folder: output, files: names }, context.stdout);
    else context.stdout.write(`Report in ${output}:\n  ${filesInWords(names)}\n`);
  });
}
