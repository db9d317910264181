import { Option } from 'commander';
import { address, positiveInteger, seed } from '../../proto/cli-options.js';
import { KERNEL_NAMES } from '../../proto/kernels.js';

/** Options that several commands have; each is described here once. */

/** Where the searches are: with a coordinator that runs, or in a store. */
export interface ReachOptions {
  coordinator?: string;
  store?: string;
}

export const coordinatorOption = (): Option =>
  new Option('--coordinator <host:port>', 'a running coordinator').argParser(address).conflicts('store');

const STORE_DEFAULT = "vernier/searches.db in the user's data folder";

export const storeOption = (description = 'file that the searches are kept in'): Option =>
  new Option('--store <file>', `${description} (default: ${STORE_DEFAULT})`);

export const jsonOption = (): Option => new Option('--json', 'print one JSON object on stdout and nothing else there');

export const seedOption = (): Option => new Option('--seed <n>', "replaces the file's seed").argParser(seed);

export const againOption = (): Option => new Option('--again', 'start anew although this search is stored already');

export const dataDirOption = (): Option =>
  new Option('--data-dir <folder>', "data sets' folder (default: VERNIER_DATA_DIR, or the user's cache)");

export const countOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(positiveInteger);

export const kernelOption = (): Option =>
  new Option('--kernel <name>', 'numerical backend (default: VERNIER_KERNEL, or the fastest)').choices(KERNEL_NAMES);

/** For the help of commands that take a search's id. */
export const ID_HELP = 'An ID may be shortened to any beginning that only one search has.';
export const LATEST_HELP = `${ID_HELP}
Without an ID, or with "latest", it is the search that was submitted last.`;
