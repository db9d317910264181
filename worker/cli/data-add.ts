import { Command, InvalidArgumentError, Option } from 'commander';
import { dataDirOption, jsonOption } from '../../proto/cli-options.js';
import type { CommandContext, CommandFactory } from '../../proto/command.js';
import { positiveInteger } from '../../proto/cli-options.js';
import { closest } from '../../proto/closest.js';
import { catalogued, datasetCatalogue, type CatalogueEntry } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { addCatalogued } from '../datasets/add-catalogued.js';
import { addOwn } from '../datasets/add-own.js';
import { dataFolder } from '../datasets/folder.js';
import { MAX_CLASSES } from '../datasets/manifest.js';
import { ROLES, type OwnSources } from '../datasets/own-files.js';
import type { DataOptions } from './data-options.js';
import { FETCHABLE } from './dataset-text.js';
import { writeOutcome } from './outcome.js';

interface AddOptions extends DataOptions {
  trainImages?: string;
  trainLabels?: string;
  testImages?: string;
  testLabels?: string;
  classes?: number;
  replace?: true;
}

const HELP = `
Examples:
  vernier data add cifar10 ~/Downloads/cifar-10-binary.tar.gz
  vernier data add mnist ./mnist
  vernier data add digits ./digits
  vernier data add digits --train-images x.npy --train-labels y.npy --classes 10

${FETCHABLE.join(', ')}: PATH is the archive, or a folder of the
files, gzipped or not; every file is checked by its SHA-256.

Any other NAME: data of your own, as .npy or idx files, gzipped or not. Images
are uint8, [records, ...]; labels are whole numbers 0 .. 255, [records]. In the
folder PATH they are found as train-images, train-labels, test-images and
test-labels (or x_train, y_train, x_test, y_test; or by MNIST's names) with .npy
or .idx; the options name others. Test data may be absent.`;

/** `vernier data add`: takes a data set from files of this machine. */
export const addCommand: CommandFactory = (context) =>
  new Command('add')
    .summary('add a data set from files of this machine')
    .description('Adds a data set from local files: one of the catalogue, or your own.')
    .argument('<name>', `${FETCHABLE.join(', ')}, or a name of your own`)
    .argument('[path]', 'archive or folder')
    .option('--train-images <file>', 'idx or .npy file')
    .option('--train-labels <file>', 'idx or .npy file')
    .option('--test-images <file>', 'idx or .npy file')
    .option('--test-labels <file>', 'idx or .npy file')
    .addOption(new Option('--classes <n>', 'number of classes (default: highest label + 1)').argParser(classCount))
    .option('--replace', 'put it in place of a data set of your own with this name')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((name: string, path: string | undefined, options: AddOptions) => {
      const entry = catalogued(name);
      return entry === undefined ? addTheirs(name, path, options, context) : addKnown(entry, path, options, context);
    });

async function addKnown(
  entry: CatalogueEntry,
  path: string | undefined,
  options: AddOptions,
  context: CommandContext,
): Promise<void> {
  const { name } = entry;
  if (entry.source.kind === 'embedded') {
    throw new VernierError('USAGE', `data set ${name} is part of Vernier: there is nothing to add`, {
      mend: 'give data of your own another name',
    });
  }
  if (Object.keys(namedSources(options)).length > 0 || options.classes !== undefined) {
    throw new VernierError('USAGE', `data set ${name} is known: single files and --classes are for data of your own`, {
      mend: `give its archive or folder as PATH, or your own data another name`,
    });
  }
  if (path === undefined) {
    throw new VernierError('USAGE', `data set ${name}: PATH is missing`, {
      mend: `name its archive or the folder of its files, or download it: vernier data fetch ${name}`,
    });
  }
  const dataDir = dataFolder(context.env, options.dataDir);
  const { already } = await addCatalogued(entry, path, dataDir, (file) => context.stderr.write(`checked ${file}\n`));
  await writeOutcome(name, dataDir, already, options, context);
}

async function addTheirs(
  name: string,
  path: string | undefined,
  options: AddOptions,
  context: CommandContext,
): Promise<void> {
  const dataDir = dataFolder(context.env, options.dataDir);
  const named = namedSources(options);
  if (path === undefined && Object.keys(named).length === 0) {
    throw new VernierError('USAGE', `data set ${name}: PATH is missing`, {
      mend: 'name the folder of its files, or the files by --train-images, --train-labels, --test-images, --test-labels',
    });
  }
  try {
    const { labels } = await addOwn(name, dataDir, {
      ...(path === undefined ? {} : { folder: path }),
      files: named,
      ...(options.classes === undefined ? {} : { classes: options.classes }),
      ...(options.replace === undefined ? {} : { replace: options.replace }),
      onMember: (file) => context.stderr.write(`read ${file}\n`),
    });
    context.stderr.write(`labels ${labels[0]} .. ${labels[1]}\n`);
  } catch (error) {
    throw orMeant(error, name);
  }
  await writeOutcome(name, dataDir, false, options, context);
}

/** Whoever gives an archive under a name that is nearly one of the catalogue's meant that. */
function orMeant(error: unknown, name: string): unknown {
  const meant = closest(
    name,
    datasetCatalogue.map((entry) => entry.name),
  );
  if (!(error instanceof VernierError) || error.code !== 'USAGE' || meant === undefined) return error;
  return new VernierError('USAGE', error.message, { mend: `did you mean the data set ${meant}? Else ${error.mend}` });
}

function namedSources(options: AddOptions): OwnSources {
  const given = {
    'train-images': options.trainImages,
    'train-labels': options.trainLabels,
    'test-images': options.testImages,
    'test-labels': options.testLabels,
  };
  const named: OwnSources = {};
  for (const role of ROLES) if (given[role] !== undefined) named[role] = given[role];
  return named;
}

function classCount(text: string): number {
  const count = positiveInteger(text);
  if (count <= MAX_CLASSES) return count;
  throw new InvalidArgumentError(`It must be at most ${MAX_CLASSES}: labels are stored as bytes.`);
}
